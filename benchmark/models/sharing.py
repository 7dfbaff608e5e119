"""Parameters that several parts of a model share: finds them, and ties them again in a rebuilt model."""

from __future__ import annotations

import torch
from torch import nn


def place(tensor: torch.Tensor) -> int:
    """A tensor's address in memory; its identity if it is on no device or made of other tensors."""
    return tensor.data_ptr() or id(tensor)


def shared_parameters(model: nn.Module) -> dict[str, str]:
    """Maps all further names of every parameter that has several to its first name."""
    first: dict[tuple[int, torch.Size], str] = {}
    named = model.named_parameters(remove_duplicate=False)
    names = {name: first.setdefault((place(parameter), parameter.shape), name) for name, parameter in named}
    return {name: kept for name, kept in names.items() if name != kept}


def tie(model: nn.Module, shared: dict[str, str]) -> None:
    """Make each name refer to the parameter of the name that it is mapped to.

    Raises:
        AttributeError: the model has no such parameter.
    """
    for name, kept in shared.items():
        owner, _, leaf = name.rpartition(".")
        setattr(model.get_submodule(owner), leaf, model.get_parameter(kept))
