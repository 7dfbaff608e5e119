"""The straight-through estimator: a value without a useful gradient gets the gradient of a smooth one.

Bengio, Leonard and Courville, 2013, arXiv 1308.3432.
"""

from __future__ import annotations

import torch


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(_ctx: torch.autograd.function.FunctionCtx, hard: torch.Tensor, _soft: torch.Tensor) -> torch.Tensor:
        return hard.view_as(hard)

    @staticmethod
    def backward(_ctx: torch.autograd.function.FunctionCtx, gradient: torch.Tensor) -> tuple[None, torch.Tensor]:
        return None, gradient


def straight_through(hard: torch.Tensor, soft: torch.Tensor) -> torch.Tensor:
    """The exact values of `hard`; gradients go to `soft`, of the same shape, as if these were its values."""
    values: torch.Tensor = _StraightThrough.apply(hard, soft)  # type: ignore[no-untyped-call]
    return values
