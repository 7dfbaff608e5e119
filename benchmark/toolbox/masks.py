"""Masks over the encoder matrices, by matrix name, true where a weight stays."""

from __future__ import annotations

import torch

from benchmark.models.encoder import Encoder
from benchmark.training.masked_weights import Masks


def topk_mask(scores: torch.Tensor, keep: float) -> torch.Tensor:
    """Keep the highest `keep` share of `scores`, exact to one element: round(keep * count) of them."""
    count = round(keep * scores.numel())
    mask = torch.zeros(scores.numel(), dtype=torch.bool, device=scores.device)
    mask[scores.flatten().topk(count, sorted=False).indices] = True
    return mask.view_as(scores)


def topk_mask_of_rows(scores: torch.Tensor, keep: float) -> torch.Tensor:
    """Mask that keeps the highest scores of each output, keep * inputs per row on average.

    This number is rarely whole. Each row keeps its integer part, and the best of the rows' next weights are added until
    the matrix keeps round(keep * count).
    """
    rows, inputs = scores.shape
    ranks = scores.argsort(dim=1, descending=True).argsort(dim=1)
    whole = int(keep * inputs)
    best = scores / scores.amax(dim=1, keepdim=True).clamp(min=1e-30)
    order = torch.where(ranks < whole, 2.0, torch.where(ranks == whole, best, -1.0))
    return topk_mask(order, round(keep * rows * inputs) / (rows * inputs))


def no_masks(encoder: Encoder) -> Masks:
    """Masks that keep every weight."""
    return {matrix.name: torch.ones_like(matrix.weight, dtype=torch.bool) for matrix in encoder}


def magnitude_masks(encoder: Encoder, *, keep: float) -> Masks:
    """Masks that keep the same share of the largest weights in every matrix."""
    return {matrix.name: topk_mask(matrix.weight.detach().abs(), keep) for matrix in encoder}


def random_masks(encoder: Encoder, *, keep: float, generator: torch.Generator) -> Masks:
    """Masks that keep the same share of weights in every matrix, chosen at random."""
    return {matrix.name: topk_mask(torch.rand(matrix.weight.shape, generator=generator), keep) for matrix in encoder}


def global_magnitude_masks(encoder: Encoder, *, keep: float, max_layer_sparsity: float = 0.99) -> Masks:
    """Masks that keep the largest weights of the whole encoder, whichever matrix they are in.

    A matrix loses at most the share `max_layer_sparsity`, so that none is emptied. The other matrices compensate, so
    that the share kept over all matrices is exact to one weight.
    """
    magnitudes = {matrix.name: matrix.weight.detach().abs() for matrix in encoder}
    spared = {name: topk_mask(values, 1 - max_layer_sparsity) for name, values in magnitudes.items()}
    ranked = [values.masked_fill(spared[name], torch.inf).flatten() for name, values in magnitudes.items()]
    kept = topk_mask(torch.cat(ranked), keep).split([values.numel() for values in ranked])
    return {name: part.view_as(magnitudes[name]) for name, part in zip(magnitudes, kept, strict=True)}


def n_of_m_mask(scores: torch.Tensor, kept: int = 2, group: int = 4) -> torch.Tensor:
    """Mask that keeps the `kept` highest scores of every `group` consecutive inputs in each row.

    Raises:
        ValueError: the inputs do not divide into groups.
    """
    if scores.shape[1] % group:
        raise ValueError(f"{scores.shape[1]} inputs do not divide into groups of {group}")
    grouped = scores.reshape(-1, group)
    mask = torch.zeros_like(grouped, dtype=torch.bool).scatter_(1, grouped.topk(kept, dim=1).indices, True)
    return mask.view_as(scores)


def cubic_sparsity(ramp: float, final: float) -> float:
    """s_f (1 - (1 - t)^3) at t in [0, 1] of a ramp: fast at first, while many weights can be spared (Zhu and Gupta)."""
    return final * (1 - (1 - ramp) ** 3)
