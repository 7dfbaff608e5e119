"""Weights may be of a narrow type; what decides about them is computed in fp32 at least."""

from __future__ import annotations

import torch


def at_least_fp32(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor in fp32 if its type is narrower, else itself."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
