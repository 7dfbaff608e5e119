"""Uniform magnitude pruning: every encoder matrix loses the same share of its weights, then the rest is fine-tuned."""

from __future__ import annotations

from dataclasses import dataclass

from transformers import PreTrainedModel

from benchmark.toolbox.contract import Method
from benchmark.toolbox.job import Job
from benchmark.toolbox.masks import magnitude_masks


class UniformMagnitude(Method):
    """Zero the same share of every encoder matrix by magnitude, then fine-tune with the mask held.

    The authors' UMP baseline: one fine-tuning pass with the fixed mask, same optimiser, learning rate and batches as
    the gates.
    """

    title = "Uniform magnitude"
    family = "unstructured"
    source = "Han et al., NeurIPS 2015; the uniform baseline (UMP) of Xu et al., Interspeech 2025"

    @dataclass(frozen=True)
    class Settings:
        """The learning rate is the gates' own."""

        learning_rate: float = 2e-4

    settings: Settings

    def compress(self, job: Job) -> PreTrainedModel:
        masks = magnitude_masks(job.encoder, keep=job.target.keep)
        job.train(job.model, masks=masks, learning_rate=self.settings.learning_rate)
        return job.model
