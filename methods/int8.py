"""8-bit integers instead of floats in the encoder's matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from transformers import PreTrainedModel

from benchmark.toolbox.contract import Method
from benchmark.toolbox.fine_tuning import FineTuning, fine_tune
from benchmark.toolbox.job import Job
from benchmark.toolbox.quantisation import fake_quantized, quantise
from benchmark.toolbox.references import Reference


class Int8(Method):
    """Round the encoder's matrices to 8 bits with a scale per output.

    `dynamic` also rounds the inputs of a matrix, with a scale per frame; `weight_only` computes in floats. No parameter
    is removed: the model has its own size, with a quarter of the matrices' bytes. With `fine_tune` the budget first
    trains the model on the rounded values, with gradients straight through the rounding.
    """

    title = "int8"
    family = "quantised"
    source = "torchao: Int8DynamicActivationInt8WeightConfig, Int8WeightOnlyConfig"
    references = (
        Reference(
            "Jacob et al.",
            2018,
            "CVPR",
            arxiv="1712.05877",
            note="fine-tuning: section 3, with torchao's scales of the moment instead of running ranges",
        ),
    )
    needs = "nothing"
    takes_target = False
    seeded = False

    @dataclass(frozen=True)
    class Settings(FineTuning):
        """`kind`: what is rounded."""

        kind: Literal["dynamic", "weight_only"] = "dynamic"

    settings: Settings

    def compress(self, job: Job) -> PreTrainedModel:
        settings = self.settings
        with fake_quantized(job.model, settings.kind):
            fine_tune(job, settings)
        quantise(job.model, settings.kind)
        return job.model
