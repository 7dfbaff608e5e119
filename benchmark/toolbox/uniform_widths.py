"""Widths that meet a target when every layer loses the same share of its heads and of its neurons."""

from __future__ import annotations

from benchmark.models.encoder import Encoder
from benchmark.system.errors import CannotReachTarget
from benchmark.toolbox.target import Target


def uniform_widths(encoder: Encoder, target: Target, *, heads: bool) -> dict[str, int]:
    """How many units of each group stay, by the group's name, so that the target is met to one neuron.

    With `heads`, each attention loses the target's share of its heads, rounded down. Neurons make up the rest: each
    FFN loses the same share of them.

    Raises:
        CannotReachTarget: a layer would lose its last neuron.
    """
    widths = {units.name: units.count - heads * int(target.sparsity * units.count) for units in encoder.heads}
    neurons = encoder.neurons
    everything = sum(units.cost * units.count for units in neurons)
    left = everything - target.removed
    left += sum(units.cost * (units.count - widths[units.name]) for units in encoder.heads)
    wanted = {units.name: left / everything * units.count for units in neurons}
    if min(wanted.values()) < 1:
        excess = sum(units.cost for units in neurons) - left
        advice = "" if heads else "; set `heads: true` to remove heads too"
        raise CannotReachTarget(f"with one neuron per layer, {excess:,} parameters too many are left{advice}")
    widths |= {name: int(width) for name, width in wanted.items()}
    left -= sum(units.cost * widths[units.name] for units in neurons)
    for units in sorted(neurons, key=lambda units: widths[units.name] - wanted[units.name]):
        if units.cost <= left:
            widths[units.name] += 1
            left -= units.cost
    return widths
