"""Wanda: prune by weight times input, without training."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from transformers import PreTrainedModel

from benchmark.calibration import by_layer, calibration_batches, input_norms
from benchmark.contract import Method
from benchmark.job import Job
from benchmark.masks import Masks
from benchmark.wanda import top_of_each_row, wanda_scores


class Wanda(Method):
    """In each output keep the weights of the highest magnitude times input norm, layer by layer.

    Norms are taken on the outputs of the pruned layers before. Needs calibration audio and no labels. Adaptation: norms
    are over the valid frames of about `calibration_seconds` of training speech (the paper's 128 segments of text). With
    `fine_tune` the rest of the budget recovers the model, masks held.
    """

    title = "Wanda"
    family = "unstructured"
    source = "Sun et al., ICLR 2024, arXiv 2306.11695 (release locuslab/wanda)"
    needs = "calibration"

    @dataclass(frozen=True)
    class Settings:
        """`learning_rate` of the fine-tuning."""

        calibration_seconds: float = 400.0
        fine_tune: bool = False
        learning_rate: float = 2e-4

    def compress(self, job: Job) -> PreTrainedModel:  # noqa: D102
        assert job.target is not None
        batches = calibration_batches(job, self.settings.calibration_seconds)
        masks: Masks = {}
        for matrices in by_layer(job):
            norms = input_norms(job, matrices, batches)
            for matrix in matrices:
                scores = wanda_scores(matrix.weight, norms[matrix.name])
                masks[matrix.name] = top_of_each_row(scores, job.target.keep)
                with torch.no_grad():
                    matrix.linear.weight.mul_(masks[matrix.name])
        if self.settings.fine_tune:
            job.train(job.model, masks=masks, learning_rate=self.settings.learning_rate)
        return job.model
