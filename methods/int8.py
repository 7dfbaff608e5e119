"""8-bit integers instead of floats in the encoder's matrices, without training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from transformers import PreTrainedModel

from benchmark.contract import Method
from benchmark.job import Job
from benchmark.models.int8 import quantise


class Int8(Method):
    """Round the encoder's matrices to 8 bits with a scale for every output.

    `dynamic` also rounds what goes into a matrix, with a scale for every frame; `weight_only` computes in floats. No
    parameter goes: it stands at its own size, a quarter of the matrices' bytes.
    """

    title = "int8"
    family = "quantised"
    source = "torchao: Int8DynamicActivationInt8WeightConfig, Int8WeightOnlyConfig"
    needs = "nothing"
    takes_target = False
    seeded = False

    @dataclass(frozen=True)
    class Settings:
        """What is rounded."""

        kind: Literal["dynamic", "weight_only"] = "dynamic"

    def compress(self, job: Job) -> PreTrainedModel:  # noqa: D102
        quantise(job.model, self.settings.kind)
        return job.model
