"""Conversion to fp32 at least, in which decisions about weights of a narrow type are computed."""

from __future__ import annotations

import torch


def at_least_fp32(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor in fp32 if its type is narrower, else itself."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
