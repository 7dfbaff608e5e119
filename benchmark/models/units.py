"""Attention heads and FFN neurons: the units that structured methods mask while they train and cut out at the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from benchmark.models.full_precision import at_least_fp32
from benchmark.system.errors import CannotReachTarget

UnitKind = Literal["heads", "cross_heads", "neurons"]


class HasMask(Protocol):
    """An object whose mask can be put on units."""

    mask: torch.Tensor


@dataclass(frozen=True)
class Units:
    """All heads of one attention, or all neurons, of one layer.

    Attributes:
        layer: the index of the layer.
        kind: heads, heads of the cross-attention, or neurons.
        inward: each unit owns `width` consecutive rows of each of these, and their biases if there are any.
        outward: each unit owns `width` consecutive columns of this one.
        width: the width of a head, or 1 for neurons.
        on_cut: tells the attention which units (count,) are left when the others are cut out.
    """

    layer: int
    kind: UnitKind
    inward: tuple[nn.Linear, ...]
    outward: nn.Linear
    width: int
    on_cut: Callable[[torch.Tensor], None] = lambda _kept: None

    @property
    def name(self) -> str:
        """Short name such as `3.heads`."""
        return f"{self.layer}.{self.kind}"

    @property
    def count(self) -> int:
        """The number of units."""
        return self.outward.in_features // self.width

    @property
    def cost(self) -> int:
        """Parameters of a unit: 3(d dh + dh) + dh d for a head, 2d + 1 for a neuron, if all have biases."""
        inward = sum(linear.in_features + (linear.bias is not None) for linear in self.inward)
        return self.width * (inward + self.outward.out_features)

    def squared_norm(self) -> torch.Tensor:
        """Sum of the squared weights of each unit (count,), in fp32 at least, differentiable; biases do not count."""
        rows = torch.stack([at_least_fp32(linear.weight).square().sum(1) for linear in self.inward]).sum(0)
        columns = at_least_fp32(self.outward.weight).square().sum(0)
        return (rows + columns).view(self.count, self.width).sum(1)

    def masked(self, gate: HasMask) -> RemovableHandle:
        """Multiply the output of each unit by the gate's current `mask` (count,) in every forward from now on."""

        def multiply(_outward: nn.Module, args: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
            return (args[0] * gate.mask.repeat_interleave(self.width).to(args[0].dtype), *args[1:])

        return self.outward.register_forward_pre_hook(multiply)

    @torch.no_grad()
    def cut(self, kept: torch.Tensor) -> None:
        """Slice out all units that are not in `kept` (count,): the weights get smaller, the residual width stays.

        Raises:
            ValueError: no unit would be left.
        """
        if not kept.any():
            raise ValueError(f"no {self.kind} left in layer {self.layer}")
        rows = kept.repeat_interleave(self.width)
        for linear in self.inward:
            linear.weight = _sliced(linear.weight, linear.weight[rows])
            if linear.bias is not None:
                linear.bias = _sliced(linear.bias, linear.bias[rows])
            linear.out_features = int(rows.sum())
        self.outward.weight = _sliced(self.outward.weight, self.outward.weight[:, rows])
        self.outward.in_features = int(rows.sum())
        self.on_cut(kept)


def _sliced(parameter: torch.Tensor, values: torch.Tensor) -> nn.Parameter:
    return nn.Parameter(values.clone(), requires_grad=parameter.requires_grad)


def select_units(groups: Sequence[Units], scores: Sequence[torch.Tensor], removed: int) -> list[torch.Tensor]:
    """Which units (count,) of each group stay when those with the lowest scores go, `removed` parameters in all.

    A unit that costs more than is left to remove is skipped, so that the last ones to go are neurons and the target is
    met to one neuron. If no neuron is left for that, one more head goes and the best of the removed neurons come back.
    The best unit of each group stays, whatever its score.

    Raises:
        CannotReachTarget: the units hold too few parameters.
    """
    kept = [torch.ones(group.count, dtype=torch.bool) for group in groups]
    flat = torch.cat([score.detach().float().cpu().flatten() for score in scores])
    owners = [(g, i) for g, group in enumerate(groups) for i in range(group.count)]
    left = removed
    order = [owners[place] for place in flat.argsort(stable=True).tolist()]
    for group, index in order:
        if groups[group].cost <= left and kept[group].sum() > 1:
            kept[group][index] = False
            left -= groups[group].cost
    if left >= min(group.cost for group in groups):
        _exchange(groups, kept, order, left)
    return [mask.to(group.outward.weight.device) for mask, group in zip(kept, groups, strict=True)]


def _exchange(groups: Sequence[Units], kept: list[torch.Tensor], order: list[tuple[int, int]], left: int) -> None:
    """Remove the worst unit that costs more than is `left` to remove, and bring back the best of the cheaper ones."""
    going = next(((g, i) for g, i in order if kept[g][i] and kept[g].sum() > 1), None)
    if going is None:
        raise CannotReachTarget(f"with one head and one neuron per layer, {left} parameters too many are left")
    kept[going[0]][going[1]] = False
    left -= groups[going[0]].cost
    for group, index in reversed(order):
        if left < 0 and not kept[group][index] and groups[group].cost < groups[going[0]].cost:
            kept[group][index] = True
            left += groups[group].cost
