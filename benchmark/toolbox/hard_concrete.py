"""Hard-concrete gates for L0 regularisation, and the Lagrangian that drives their expected size to a target.

Louizos, Welling and Kingma, ICLR 2018, arXiv 1712.01312; constrained form: Wang, Wohlwend and Lei, EMNLP 2020.
"""

from __future__ import annotations

import math

import torch
from torch import nn

from benchmark.models.units import Units
from benchmark.toolbox.job import Job
from benchmark.toolbox.unit_gates import UnitGate, UnitGates

BETA = 2 / 3  # temperature
LOW, HIGH = -0.1, 1.1  # the stretched interval
EVALUATION_SLOPE = 0.8  # of log alpha, for the gates' deterministic values (DPHuBERT's release)


class HardConcrete(UnitGate):
    """A gate in [0, 1] for each unit of a layer.

    Attributes:
        log_alpha: learnable (count,).
        mask: the gates' values in the current step (count,), set by `draw`.
    """

    def __init__(self, units: Units, closed: float) -> None:
        super().__init__(units)
        self.log_alpha = nn.Parameter(torch.full((units.count,), math.log((1 - closed) / closed)))

    def draw(self) -> None:
        """z = clamp(1.2 sigmoid((logit u + log alpha) / beta) - 0.1, 0, 1), u uniform in (0, 1)."""
        noise = torch.rand_like(self.log_alpha).clamp(1e-6, 1 - 1e-6)
        self.mask = _stretched(torch.sigmoid((noise.logit() + self.log_alpha) / BETA))

    def open_probability(self) -> torch.Tensor:
        """P(z > 0) (count,): sigmoid(log alpha + 1.5986)."""
        return torch.sigmoid(self.log_alpha - BETA * math.log(-LOW / HIGH))

    def size(self) -> torch.Tensor:
        """Expected parameters of the units that are open."""
        return self.units.cost * self.open_probability().sum()

    def value(self) -> torch.Tensor:
        """The gates without noise (count,)."""
        return _stretched(torch.sigmoid(EVALUATION_SLOPE * self.log_alpha / BETA))

    @torch.no_grad()
    def fold(self, kept: torch.Tensor) -> None:
        """Scale the outputs of the kept units by their gates' values, and cut the other units out."""
        values = self.value().clamp(min=1e-3).repeat_interleave(self.units.width)
        self.units.outward.weight.mul_(values)
        self.units.cut(kept)


def _stretched(concrete: torch.Tensor) -> torch.Tensor:
    return (concrete * (HIGH - LOW) + LOW).clamp(0, 1)


class Lagrangian(nn.Module):
    """l1 (s - target) + l2 (s - target)^2, minimised by the model and maximised by the two multipliers."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Parameter(torch.zeros(()))
        self.quadratic = nn.Parameter(torch.zeros(()))

    def forward(self, sparsity: torch.Tensor, target: float) -> torch.Tensor:
        """The penalty for an expected sparsity that is not the target."""
        gap = sparsity - target
        penalty: torch.Tensor = self.linear * gap + self.quadratic * gap.square()
        return penalty


class L0Gates(UnitGates[HardConcrete]):
    """Hard-concrete gates on heads and neurons, with their Lagrangian; pass it to `Job.train` as `extra`."""

    def __init__(self, heads: list[Units], neurons: list[Units], removed: int) -> None:
        # DPHuBERT's start: heads nearly always open, neurons open half of the time.
        gates = [HardConcrete(units, 0.01) for units in heads] + [HardConcrete(units, 0.5) for units in neurons]
        super().__init__(gates, removed)
        self.lagrangian = Lagrangian()
        self.start = self.sparsity

    def parameter_groups(self, steps: int, *, gate_travel: float, size_weight: float) -> list[dict[str, object]]:
        """Optimiser groups: gradient descent for the gates, ascent for the multipliers.

        Args:
            steps: number of training steps.
            gate_travel: how far a log alpha that always moves the same way gets in these steps at full rate.
            size_weight: how far a multiplier gets, in units of the loss for all units.
        """
        gates = [gate.log_alpha for gate in self.gates]
        return [
            {"params": gates, "lr": gate_travel / steps},
            {"params": list(self.lagrangian.parameters()), "lr": size_weight / steps, "maximize": True},
        ]

    def penalty(self, ramp: float) -> tuple[torch.Tensor, float]:
        """Draw the gates of a step; return the Lagrangian's penalty and the expected sparsity.

        The required sparsity moves linearly with `ramp` in [0, 1] from the gates' first sparsity to the target. If it
        started from zero, as in DPHuBERT's release, a short search would first spend its steps on opening gates.
        """
        for gate in self.gates:
            gate.draw()
        sparsity = 1 - self.size()
        asked = self.start + ramp * (self.target - self.start)
        return self.lagrangian(sparsity, asked), float(sparsity.detach())

    def fold(self, job: Job) -> None:
        """Cut out the units whose gates are least open until the target is met; fold in the values of the others.

        A note says how near training came to the target.

        Raises:
            CannotReachTarget: the units hold too few parameters.
        """
        expected = self.sparsity
        for gate, kept in zip(self.gates, self.choose([gate.log_alpha for gate in self.gates]), strict=True):
            gate.fold(kept)
        job.note(f"trained to an expected {expected:.4f} of the units' parameters removed; cut to {self.target:.4f}")
