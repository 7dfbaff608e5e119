"""Attention heads and FFN neurons: the units that structured methods mask while they train and cut out in the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from benchmark.models.full_precision import at_least_fp32
from benchmark.system.errors import CannotReachTarget

UnitKind = Literal["heads", "neurons"]


class HasMask(Protocol):
    """What can mask units."""

    mask: torch.Tensor


@dataclass(frozen=True)
class Units:
    """All heads, or all neurons, of one layer.

    Attributes:
        layer: which.
        kind: heads or neurons.
        owner: the attention or feed-forward module.
        inward: a unit owns `width` consecutive rows of each of these, and their biases if there are any,
        outward: and as many columns of this one.
        width: of a unit: a head's width, or 1.
        on_cut: tells the owner which units (count,) are left when the others are cut out.
    """

    layer: int
    kind: UnitKind
    owner: nn.Module
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
        """How many there are."""
        return self.outward.in_features // self.width

    @property
    def cost(self) -> int:
        """Parameters that go with a unit: 3(d dh + dh) + dh d for a head, 2d + 1 for a neuron, if all have biases."""
        inward = sum(linear.in_features + (linear.bias is not None) for linear in self.inward)
        return self.width * (inward + self.outward.out_features)

    def squared_norm(self) -> torch.Tensor:
        """Sum of the squared weights of each unit (count,), in fp32 at least, differentiable; biases do not count."""
        rows = torch.stack([at_least_fp32(linear.weight).square().sum(1) for linear in self.inward]).sum(0)
        columns = at_least_fp32(self.outward.weight).square().sum(0)
        return (rows + columns).view(self.count, self.width).sum(1)

    def masked(self, gate: HasMask) -> RemovableHandle:
        """From now on multiply what each unit sends on by the gate's `mask` (count,), as it is at every forward."""

        def multiply(_outward: nn.Module, args: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
            return (args[0] * gate.mask.repeat_interleave(self.width).to(args[0].dtype), *args[1:])

        return self.outward.register_forward_pre_hook(multiply)

    @torch.no_grad()
    def cut(self, kept: torch.Tensor) -> None:
        """Slice out all units but those that `kept` (count,) says: the weights get smaller, the residual width stays.

        Raises:
            ValueError: none would be left.
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
    """Which units stay (count,) in each group when those of the lowest scores go, `removed` parameters in all.

    A unit that costs more than is left to remove is passed over, so that the last ones to go are neurons and the
    target is met to one neuron. Where no neuron is left for that, one more head goes and the best neurons that had gone
    come back. The best unit of each group stays, whatever its score.

    Raises:
        CannotReachTarget: the units do not hold so many parameters.
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
    """Let the worst unit go that costs more than is `left` to remove; for it the best of the cheaper ones come back."""
    going = next(((g, i) for g, i in order if kept[g][i] and kept[g].sum() > 1), None)
    if going is None:
        raise CannotReachTarget(f"with one head and one neuron a layer, {left} parameters too many are left")
    kept[going[0]][going[1]] = False
    left -= groups[going[0]].cost
    for group, index in reversed(order):
        if left < 0 and not kept[group][index] and groups[group].cost < groups[going[0]].cost:
            kept[group][index] = True
            left += groups[group].cost
