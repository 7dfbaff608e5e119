"""Integers of a few bits as bytes without gaps, and back."""

from __future__ import annotations

import torch

BYTE = 8


def packed(codes: torch.Tensor, bits: int) -> torch.Tensor:
    """Bytes (ceil(count * bits / 8),) of integers in [0, 2**bits), of any shape; the last byte is filled with zeros."""
    places = torch.arange(bits, device=codes.device)
    digits = (codes.reshape(-1, 1).int() >> places) & 1
    filled = torch.nn.functional.pad(digits.flatten(), (0, -digits.numel() % BYTE)).view(-1, BYTE)
    return (filled << torch.arange(BYTE, device=codes.device)).sum(1).to(torch.uint8)


def unpacked(data: torch.Tensor, bits: int, count: int) -> torch.Tensor:
    """The `count` integers (count,) of which `packed` made these bytes, as int64."""
    digits = (data.reshape(-1, 1).int() >> torch.arange(BYTE, device=data.device)) & 1
    return (digits.flatten()[: count * bits].view(count, bits) << torch.arange(bits, device=data.device)).sum(1)
