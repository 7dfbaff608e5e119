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
    """Mask that keeps the highest scores of each output, round(keep * inputs) in a row on average.

    The share of a row is rarely a whole number of weights: the rows' next best ones make up for it, so that the
    matrix keeps round(keep * count).
    """
    rows, inputs = scores.shape
    ranks = scores.argsort(dim=1, descending=True).argsort(dim=1)
    whole = int(keep * inputs)
    best = scores / scores.amax(dim=1, keepdim=True).clamp(min=1e-30)
    order = torch.where(ranks < whole, 2.0, torch.where(ranks == whole, best, -1.0))
    return topk_mask(order, round(keep * rows * inputs) / (rows * inputs))


def no_masks(encoder: Encoder) -> Masks:
    """Keep everything."""
    return {matrix.name: torch.ones_like(matrix.weight, dtype=torch.bool) for matrix in encoder}


def magnitude_masks(encoder: Encoder, *, keep: float) -> Masks:
    """In every matrix, keep the same share of the largest weights."""
    return {matrix.name: topk_mask(matrix.weight.detach().abs(), keep) for matrix in encoder}


def random_masks(encoder: Encoder, *, keep: float, generator: torch.Generator) -> Masks:
    """In every matrix, keep the same share of weights, chosen by lot."""
    return {matrix.name: topk_mask(torch.rand(matrix.weight.shape, generator=generator), keep) for matrix in encoder}


def global_magnitude_masks(encoder: Encoder, *, keep: float, max_layer_sparsity: float = 0.99) -> Masks:
    """Keep the largest weights of the whole encoder, whichever matrix they are in.

    A matrix loses at most the share `max_layer_sparsity`, so that none is emptied. The others make up for it: the share
    kept over all matrices is exact to one weight.
    """
    magnitudes = {matrix.name: matrix.weight.detach().abs() for matrix in encoder}
    spared = {name: topk_mask(values, 1 - max_layer_sparsity) for name, values in magnitudes.items()}
    ranked = [values.masked_fill(spared[name], torch.inf).flatten() for name, values in magnitudes.items()]
    kept = topk_mask(torch.cat(ranked), keep).split([values.numel() for values in ranked])
    return {name: part.view_as(magnitudes[name]) for name, part in zip(magnitudes, kept, strict=True)}


def n_of_m_mask(scores: torch.Tensor, kept: int = 2, group: int = 4) -> torch.Tensor:
    """In each row keep the `kept` highest scores of every `group` consecutive inputs.

    Raises:
        ValueError: the inputs do not divide into groups.
    """
    if scores.shape[1] % group:
        raise ValueError(f"{scores.shape[1]} inputs do not divide into groups of {group}")
    grouped = scores.reshape(-1, group)
    mask = torch.zeros_like(grouped, dtype=torch.bool).scatter_(1, grouped.topk(kept, dim=1).indices, True)
    return mask.view_as(scores)


def cubic_sparsity(ramp: float, final: float) -> float:
    """s_f (1 - (1 - t)^3) for t in [0, 1] of a ramp: fast at first, when there is much to spare (Zhu and Gupta)."""
    return final * (1 - (1 - ramp) ** 3)
