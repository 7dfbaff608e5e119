"""Sharpness-aware training, then 8-bit integers instead of floats in the encoder's matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from transformers import PreTrainedModel

from benchmark.toolbox.contract import Method
from benchmark.toolbox.job import Job
from benchmark.toolbox.quantisation import quantise
from benchmark.toolbox.references import Reference
from benchmark.toolbox.sharpness import FlatTraining, measure_sharpness, train_flat


class SAMInt8(Method):
    """Train with sharpness-aware minimisation, then round the encoder's matrices to 8 bits with a scale per output.

    Training knows nothing of the rounding. `dynamic` also rounds the inputs of a matrix, with a scale per frame, as in
    the paper; `weight_only` computes in floats.
    """

    title = "SAM, int8"
    family = "quantised"
    references = (
        Reference("Na et al.", 2022, "EMNLP Findings", arxiv="2205.12694", note="post-training dynamic quantisation"),
        Reference("Foret et al.", 2021, "ICLR", arxiv="2010.01412", note="SAM"),
        Reference("Kwon et al.", 2021, "ICML", arxiv="2102.11600", note="ASAM"),
    )
    takes_target = False
    tunable = ("rho", 0.05, 0.01)

    @dataclass(frozen=True)
    class Settings(FlatTraining):
        """`kind`: what is rounded."""

        kind: Literal["dynamic", "weight_only"] = "dynamic"

    settings: Settings

    def compress(self, job: Job) -> PreTrainedModel:
        settings = self.settings
        reserved = measure_sharpness(job, settings, "before")  # the measurement after training costs the same
        train_flat(job, settings, share=1 - reserved / job.budget.left)
        measure_sharpness(job, settings, "after")
        quantise(job.model, settings.kind)
        return job.model
