"""Optional fine-tuning of a compressed model, where a method's settings ask for it."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.toolbox.job import Job
from benchmark.training.masked_weights import Masks


@dataclass(frozen=True)
class FineTuning:
    """Settings of a method that can do without training; its own `Settings` derive from these.

    `fine_tune`: whether the rest of the budget trains the compressed model. `learning_rate`: its peak learning rate.
    """

    fine_tune: bool = False
    learning_rate: float = 2e-4


def fine_tune(job: Job, settings: FineTuning, masks: Masks | None = None) -> None:
    """Train `job.model` over the rest of the budget, if the settings ask for it.

    Args:
        job: the run.
        settings: the method's settings.
        masks: by matrix name, true where a weight stays; pruned weights are held at zero.
    """
    if settings.fine_tune:
        job.train(job.model, masks=masks, learning_rate=settings.learning_rate)
