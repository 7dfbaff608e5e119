"""Pruned tensors on disk: the non-zero values and a bitmap of their positions, when that is smaller than dense."""

from __future__ import annotations

import numpy as np
import torch

VALUES, BITMAP, SHAPE = ".packed_values", ".packed_bitmap", ".packed_shape"


def pack(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Replace every tensor that has enough zeros by its non-zero values and a bitmap (one bit per weight)."""
    packed: dict[str, torch.Tensor] = {}
    for name, tensor in state.items():
        kept = tensor != 0
        bytes_packed = int(kept.sum()) * tensor.element_size() + tensor.numel() // 8
        if tensor.is_floating_point() and tensor.ndim == 2 and bytes_packed < tensor.numel() * tensor.element_size():
            packed[name + VALUES] = tensor[kept].contiguous()
            packed[name + BITMAP] = torch.from_numpy(np.packbits(kept.numpy()))
            packed[name + SHAPE] = torch.tensor(tensor.shape)
        else:
            packed[name] = tensor.clone().contiguous()
    return packed


def unpack(packed: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Undo `pack`, bit for bit."""
    state = {name: tensor for name, tensor in packed.items() if not name.endswith((VALUES, BITMAP, SHAPE))}
    for key, values in packed.items():
        if not key.endswith(VALUES):
            continue
        name = key.removesuffix(VALUES)
        shape = tuple(packed[name + SHAPE].tolist())
        bits = np.unpackbits(packed[name + BITMAP].numpy(), count=int(np.prod(shape))).astype(bool)
        tensor = torch.zeros(shape, dtype=values.dtype)
        tensor[torch.from_numpy(bits).reshape(shape)] = values
        state[name] = tensor
    return state
