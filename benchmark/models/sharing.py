"""Parameters that several parts of a model share: found, and tied again in a model that was rebuilt."""

from __future__ import annotations

import torch
from torch import nn


def place(tensor: torch.Tensor) -> int:
    """Where a tensor is in memory; one that is on no device, or is made of others, is its own place."""
    return tensor.data_ptr() or id(tensor)


def shared_parameters(model: nn.Module) -> dict[str, str]:
    """Of every parameter that has several names all but the first one, and that first one."""
    first: dict[tuple[int, torch.Size], str] = {}
    named = model.named_parameters(remove_duplicate=False)
    names = {name: first.setdefault((place(parameter), parameter.shape), name) for name, parameter in named}
    return {name: kept for name, kept in names.items() if name != kept}


def tie(model: nn.Module, shared: dict[str, str]) -> None:
    """Make the parameter of each name that of the other name which stands for it.

    Raises:
        AttributeError: the model has no such parameter.
    """
    for name, kept in shared.items():
        owner, _, leaf = name.rpartition(".")
        setattr(model.get_submodule(owner), leaf, model.get_parameter(kept))
