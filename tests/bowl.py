"""A quadratic loss on which a step of SAM, or of CrAM, can be computed by hand."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

CURVATURE = torch.tensor([1.0, 3.0])


def bowl() -> tuple[nn.Parameter, Callable[[], torch.Tensor]]:
    """w at (1, 2), and the gradient of w' diag(1, 3) w / 2."""
    w = nn.Parameter(torch.tensor([1.0, 2.0]))

    def gradient() -> torch.Tensor:
        w.grad = None
        loss = (CURVATURE * w.square()).sum() / 2
        loss.backward()
        return loss.detach()

    return w, gradient
