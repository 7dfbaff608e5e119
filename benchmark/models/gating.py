"""Gates on the encoder's weights while a method trains: adds them, finds the weights behind them, and removes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import torch
from torch import nn
from torch.nn.utils import parametrize

from benchmark.models.encoder import Matrix

Gate = TypeVar("Gate", bound=nn.Module)


def add_gates(matrices: Iterable[Matrix], make: Callable[[torch.Tensor], Gate]) -> list[tuple[Matrix, Gate]]:
    """Put a gate on every matrix's weight: `make` builds it from the weight, on the weight's device."""
    pairs = []
    for matrix in matrices:
        weight = matrix.linear.weight.detach()
        module = make(weight).to(weight.device)
        parametrize.register_parametrization(matrix.linear, "weight", module)
        pairs.append((matrix, module))
    return pairs


def ungated(matrix: Matrix) -> torch.Tensor:
    """The weight behind a gate, or the weight itself."""
    if parametrize.is_parametrized(matrix.linear):
        weight: torch.Tensor = matrix.linear.parametrizations.weight.original  # type: ignore[union-attr, assignment]
        return weight
    return matrix.linear.weight


def remove_gates(matrices: Iterable[Matrix], *, apply: bool = True) -> None:
    """Remove the gates.

    Args:
        matrices: those that have a gate.
        apply: the gated weights become the weights, with real zeros where pruned; else the ungated ones come back.
    """
    for matrix in matrices:
        parametrize.remove_parametrizations(matrix.linear, "weight", leave_parametrized=apply)
