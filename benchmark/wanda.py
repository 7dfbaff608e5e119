"""Wanda's scores: a weight counts by its size times that of its input."""

from __future__ import annotations

import torch

from benchmark.masks import top_mask


def wanda_scores(weight: torch.Tensor, norms: torch.Tensor) -> torch.Tensor:
    """|W_ij| ||x_j|| (outputs, inputs)."""
    return weight.detach().abs() * norms


def top_of_each_row(scores: torch.Tensor, keep: float) -> torch.Tensor:
    """Mask that keeps the highest scores of each output, round(keep * inputs) in a row on average.

    The share of a row is rarely a whole number of weights: the rows' next best ones make up for it, so that the
    matrix keeps round(keep * count).
    """
    rows, inputs = scores.shape
    ranks = scores.argsort(dim=1, descending=True).argsort(dim=1)
    whole = int(keep * inputs)
    best = scores / scores.amax(dim=1, keepdim=True).clamp(min=1e-30)
    order = torch.where(ranks < whole, 2.0, torch.where(ranks == whole, best, -1.0))
    return top_mask(order, round(keep * rows * inputs) / (rows * inputs))
