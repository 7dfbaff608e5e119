"""Flat minima: training that seeks them, and a measure of how sharp a minimum is.

Foret et al., ICLR 2021, arXiv 2010.01412 (SAM); Kwon et al., ICML 2021, arXiv 2102.11600 (ASAM).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

from benchmark.models.encoder import Encoder
from benchmark.toolbox.job import Job
from benchmark.toolbox.second_gradient import Gradient, Rule, RuledAdamW, moved
from benchmark.training.hooks import Hook, State
from benchmark.training.masked_weights import Masks

ASCENTS = 3  # steps to the highest loss within the radius
ONE_STEP = 1e-9  # share of the budget: a training phase takes its first step in any case, and no second one


@dataclass(frozen=True)
class FlatTraining:
    """Settings of a method that trains with SAM; its own `Settings` derive from these.

    `rho`: distance to the point of the second gradient; 0 is AdamW, with one gradient per step. `adaptive`: ASAM, whose
    `rho` is about ten times as large. `sharpness_seconds`: training speech on which sharpness is measured before and
    after training, within `radius`; 0 measures nothing.
    """

    learning_rate: float = 2e-4
    rho: float = 0.05
    adaptive: bool = False
    sharpness_seconds: float = 0.0
    radius: float = 0.05


@torch.no_grad()
def climb(parameters: Sequence[nn.Parameter], rho: float, *, adaptive: bool = False) -> None:
    """Move the weights w by rho g / ||g|| along their gradient g, with one norm for all of them.

    Adaptive: by rho w^2 g / ||w g||, so that large weights move further.
    """
    used = [(parameter, parameter.grad) for parameter in parameters if parameter.grad is not None]
    scaled = [parameter.abs() * g if adaptive else g for parameter, g in used]
    rate = rho / (torch.stack([direction.norm() for direction in scaled]).norm() + 1e-12)
    for (parameter, _), direction in zip(used, scaled, strict=True):
        parameter.add_(rate * (parameter.abs() * direction if adaptive else direction))


def sharpness_aware(rho: float, *, adaptive: bool = False) -> Rule:
    """SAM's gradient, that at w + e, where `climb` makes the step e from w (Foret et al., equations 2 and 3)."""

    def rule(gradient: Gradient, parameters: Sequence[nn.Parameter]) -> torch.Tensor:
        loss = gradient()
        with moved(parameters):
            climb(parameters, rho, adaptive=adaptive)
            gradient()
        return loss

    return rule


def train_flat(job: Job, settings: FlatTraining, masks: Masks | None = None, share: float = 1.0) -> None:
    """Train `job.model` with SAM over a share of the budget that is left.

    Args:
        job: the run.
        settings: the method's settings.
        masks: by matrix name, true where a weight stays; pruned weights are held at zero at both points.
        share: of the budget left, in (0, 1].
    """
    job.train(
        job.model,
        masks=masks,
        learning_rate=settings.learning_rate,
        share=share,
        optimizer=partial(RuledAdamW, sharpness_aware(settings.rho, adaptive=settings.adaptive))
        if settings.rho
        else None,
        after_backward=_without_pruned(job.encoder, masks),
    )


def _without_pruned(encoder: Encoder, masks: Masks | None) -> Hook | None:
    """Zero the gradients of pruned weights: in the norm they would shorten the way of the others."""
    if masks is None:
        return None

    def zero(_state: State) -> None:
        for matrix in encoder:
            if matrix.linear.weight.grad is not None:
                matrix.linear.weight.grad.mul_(masks[matrix.name])

    return zero


class Ascent(torch.optim.Optimizer):
    """Climbs to the highest loss within a radius of the weights, and comes back; it changes no weight.

    Attributes:
        rise: by how much the loss was higher at the highest point of the last step.
    """

    def __init__(self, radius: float, groups: list[dict[str, Any]]) -> None:
        super().__init__(groups, {})
        self.radius, self.rise = radius, torch.zeros(())

    def step(self, closure: Gradient) -> torch.Tensor:  # type: ignore[override]
        """Climb and come back; returns the loss at the weights."""
        parameters = [parameter for group in self.param_groups for parameter in group["params"]]
        highest = loss = closure()
        with moved(parameters) as start:
            for _ in range(ASCENTS):
                climb(parameters, self.radius)
                _into_ball(parameters, start, self.radius)
                highest = torch.maximum(highest, closure())
        self.rise = highest - loss
        return loss


@torch.no_grad()
def _into_ball(parameters: Sequence[nn.Parameter], centre: Sequence[torch.Tensor], radius: float) -> None:
    """Move the weights to the nearest point that is at most `radius` from the centre."""
    away = [parameter - origin for parameter, origin in zip(parameters, centre, strict=True)]
    norm = torch.stack([offset.norm() for offset in away]).norm() + 1e-12
    for parameter, origin, offset in zip(parameters, centre, away, strict=True):
        parameter.copy_(origin + offset * (radius / norm).clamp(max=1.0))


def measure_sharpness(job: Job, settings: FlatTraining, when: str, masks: Masks | None = None) -> float:
    """Log `sharpness_<when>`: the maximum of L(w + e) - L(w) over ||e|| <= radius, in nats per utterance.

    It is found by normalised gradient ascent on a batch of training speech, the same whenever it is measured, without
    dropout. This is a step of training, which has the labels and is charged, with an optimiser that changes nothing.

    Args:
        job: the run.
        settings: the method's settings.
        when: `before` or `after`.
        masks: those of a pruned model, whose other weights alone move.

    Returns:
        What was spent.
    """
    if settings.sharpness_seconds == 0:
        return 0.0
    spent = job.budget.spent
    used: list[Ascent] = []

    def ascent(groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        used.append(Ascent(settings.radius, groups))
        return used[0]

    job.train(
        job.model,
        masks=masks,
        learning_rate=0.0,
        share=ONE_STEP,
        optimizer=ascent,
        before_step=lambda _state: job.model.eval() and None,
        after_backward=_without_pruned(job.encoder, masks),
        after_step=lambda _state: job.log(**{f"sharpness_{when}": float(used[0].rise)}),
        batch_seconds=settings.sharpness_seconds,
        gradient_accumulation=1,
    )
    return job.budget.spent - spent
