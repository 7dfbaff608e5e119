"""The starting point of every run: the dense model as it is."""

from __future__ import annotations

from transformers import PreTrainedModel

from benchmark.toolbox.contract import Method
from benchmark.toolbox.job import Job


class Dense(Method):
    """Return the dense model unchanged; its row comes first in every table."""

    title = "Dense"
    family = "dense"
    source = "the study's starting point"
    needs = "nothing"
    takes_target = False
    seeded = False
    trains = False

    def compress(self, job: Job) -> PreTrainedModel:
        return job.model
