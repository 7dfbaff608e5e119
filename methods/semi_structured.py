"""2:4 sparsity: two of every four weights along the inputs go, the pattern that GPUs can skip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from transformers import PreTrainedModel

from benchmark.calibration import by_layer, calibration_batches, input_norms
from benchmark.contract import Method
from benchmark.job import Job
from benchmark.masks import Masks, n_of_m_mask
from benchmark.wanda import wanda_scores


class SemiStructured(Method):
    """Keep the two of every four weights along the inputs that score highest, then fine-tune with the mask held.

    Scores are magnitudes, or Wanda's, layer by layer on the pruned layers' outputs. Half of the weights go, whatever
    the study's targets: it stands at its own size.
    """

    title = "2:4"
    family = "unstructured"
    source = "Mishra et al., 2021, arXiv 2104.08378; Wanda's scores: Sun et al., ICLR 2024"
    takes_target = False

    @dataclass(frozen=True)
    class Settings:
        """`calibration_seconds` are for Wanda's scores, `learning_rate` for the fine-tuning."""

        scores: Literal["magnitude", "wanda"] = "magnitude"
        calibration_seconds: float = 400.0
        fine_tune: bool = True
        learning_rate: float = 2e-4

    def compress(self, job: Job) -> PreTrainedModel:  # noqa: D102
        settings = self.settings
        batches = calibration_batches(job, settings.calibration_seconds) if settings.scores == "wanda" else []
        masks: Masks = {}
        for matrices in by_layer(job):
            norms = input_norms(job, matrices, batches) if batches else {}
            for matrix in matrices:
                masks[matrix.name] = n_of_m_mask(wanda_scores(matrix.weight, norms.get(matrix.name, torch.ones(()))))
                with torch.no_grad():
                    matrix.linear.weight.mul_(masks[matrix.name])
        if settings.fine_tune:
            job.train(job.model, masks=masks, learning_rate=settings.learning_rate)
        return job.model
