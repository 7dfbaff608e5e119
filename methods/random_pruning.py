"""Control: prune at random. A method that does not beat this has learned nothing about which weights matter."""

from __future__ import annotations

from dataclasses import dataclass

from transformers import PreTrainedModel

from benchmark.toolbox.contract import Method
from benchmark.toolbox.job import Job
from benchmark.toolbox.masks import random_masks


class RandomPruning(Method):
    """Zero a random share of every encoder matrix, then fine-tune with the mask held."""

    title = "Random pruning"
    family = "control"
    source = "control: the same training as uniform magnitude, with weights chosen at random"

    @dataclass(frozen=True)
    class Settings:
        """The learning rate is that of uniform magnitude."""

        learning_rate: float = 2e-4

    settings: Settings

    def compress(self, job: Job) -> PreTrainedModel:
        masks = random_masks(job.encoder, keep=job.target.keep, generator=job.generator)
        job.train(job.model, masks=masks, learning_rate=self.settings.learning_rate)
        return job.model
