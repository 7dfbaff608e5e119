"""Control: the dense model, fine-tuned for the same budget without compression."""

from __future__ import annotations

from dataclasses import dataclass

from transformers import PreTrainedModel

from benchmark.toolbox.contract import Method
from benchmark.toolbox.job import Job


class DenseFinetuned(Method):
    """Spend the whole budget on plain fine-tuning, to show what the budget alone achieves."""

    title = "Dense, fine-tuned"
    family = "control"
    source = "control: the same budget, no compression"
    takes_target = False

    @dataclass(frozen=True)
    class Settings:
        """The learning rate is that of the compressing methods."""

        learning_rate: float = 2e-4

    settings: Settings

    def compress(self, job: Job) -> PreTrainedModel:
        job.train(job.model, learning_rate=self.settings.learning_rate)
        return job.model
