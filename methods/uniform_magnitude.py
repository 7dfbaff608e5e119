"""Uniform magnitude pruning: every encoder matrix loses the same share of its weights, then the rest is fine-tuned."""

from __future__ import annotations

from dataclasses import dataclass

from transformers import PreTrainedModel

from benchmark.toolbox.contract import Method
from benchmark.toolbox.job import Job
from benchmark.toolbox.masks import magnitude_masks
from benchmark.toolbox.references import Reference


class UniformMagnitude(Method):
    """Zero the same share of every encoder matrix by magnitude, then fine-tune with the mask held.

    This is the UMP baseline of Xu et al.: one fine-tuning pass with a fixed mask, and the same optimiser, learning rate
    and batches as the self-pinching gates.
    """

    title = "Uniform magnitude"
    family = "unstructured"
    references = (
        Reference("Han et al.", 2015, "NeurIPS", arxiv="1506.02626"),
        Reference("Xu et al.", 2025, "Interspeech", arxiv="2505.22608", note="its uniform baseline, UMP"),
    )

    @dataclass(frozen=True)
    class Settings:
        """The learning rate is that of the self-pinching gates."""

        learning_rate: float = 2e-4

    settings: Settings

    def compress(self, job: Job) -> PreTrainedModel:
        masks = magnitude_masks(job.encoder, keep=job.target.keep)
        job.train(job.model, masks=masks, learning_rate=self.settings.learning_rate)
        return job.model
