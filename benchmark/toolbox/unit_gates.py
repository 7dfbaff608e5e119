"""Gates on heads and neurons: they mask units while a method trains, and decide which are cut out at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

import torch
from torch import nn

from benchmark.models.units import Units, select_units


class UnitGate(nn.Module):
    """A gate on the heads, or on the neurons, of one layer.

    Attributes:
        units: the units that it masks.
        mask: its values in the current step (count,).
    """

    mask: torch.Tensor

    def __init__(self, units: Units) -> None:
        super().__init__()
        self.units = units

    def size(self) -> torch.Tensor:
        """Parameters of the units that stay, with a gradient."""
        raise NotImplementedError


Gate = TypeVar("Gate", bound=UnitGate)


class UnitGates(nn.Module, Generic[Gate]):
    """One gate per group of units, with which to remove `removed` parameters. Pass it to `Job.train` as `extra`."""

    def __init__(self, gates: Sequence[Gate], removed: int) -> None:
        super().__init__()
        self.gates = list(gates)
        self.registered = nn.ModuleList(self.gates)
        self.removed = removed
        self.everything = sum(gate.units.cost * gate.units.count for gate in self.gates)
        self._handles = [gate.units.masked(gate) for gate in self.gates]

    @property
    def target(self) -> float:
        """Share of the units' parameters to remove."""
        return self.removed / self.everything

    def size(self) -> torch.Tensor:
        """Share of the units' parameters that stays, with a gradient."""
        return torch.stack([gate.size() for gate in self.gates]).sum() / self.everything

    @property
    def sparsity(self) -> float:
        """Share of the units' parameters that the gates now remove."""
        return 1 - float(self.size().detach())

    def choose(self, scores: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Remove the masks; return which units (count,) of each group stay when those with the lowest scores go.

        Raises:
            CannotReachTarget: the units hold too few parameters.
        """
        for handle in self._handles:
            handle.remove()
        return select_units([gate.units for gate in self.gates], scores, self.removed)

    def cut(self, scores: Sequence[torch.Tensor]) -> None:
        """Cut out the units with the lowest scores until the target is met.

        Raises:
            CannotReachTarget: the units hold too few parameters.
        """
        for gate, kept in zip(self.gates, self.choose(scores), strict=True):
            gate.units.cut(kept)
