"""Masks over the encoder matrices, by matrix name, true where a weight stays."""

from __future__ import annotations

import torch

from benchmark.models.encoder import Encoder

Masks = dict[str, torch.Tensor]


def top_mask(scores: torch.Tensor, keep: float) -> torch.Tensor:
    """Keep the highest `keep` share of `scores`, exact to one element: round(keep * count) of them."""
    count = round(keep * scores.numel())
    mask = torch.zeros(scores.numel(), dtype=torch.bool, device=scores.device)
    mask[scores.flatten().topk(count).indices] = True
    return mask.view_as(scores)


def magnitude_masks(encoder: Encoder, *, keep: float) -> Masks:
    """In every matrix, keep the same share of the largest weights."""
    return {matrix.name: top_mask(matrix.weight.detach().abs(), keep) for matrix in encoder}


def random_masks(encoder: Encoder, *, keep: float, generator: torch.Generator) -> Masks:
    """In every matrix, keep the same share of weights, chosen by lot."""
    return {matrix.name: top_mask(torch.rand(matrix.weight.shape, generator=generator), keep) for matrix in encoder}
