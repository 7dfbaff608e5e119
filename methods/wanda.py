"""Wanda: prune by weight times input, without training."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from transformers import PreTrainedModel

from benchmark.toolbox.calibration import input_norms, prune_layer_by_layer
from benchmark.toolbox.contract import Method
from benchmark.toolbox.fine_tuning import FineTuning, fine_tune
from benchmark.toolbox.job import Job
from benchmark.toolbox.masks import topk_mask_of_rows
from benchmark.toolbox.references import Reference


def wanda_scores(weight: torch.Tensor, input_norms: torch.Tensor) -> torch.Tensor:
    """|W_ij| ||x_j||, (outputs, inputs): the paper's equation 1."""
    return weight.detach().abs() * input_norms


class Wanda(Method):
    """Keep the weights of each output with the highest magnitude times input norm, layer by layer.

    Each layer sees its pruned predecessors' outputs. It needs calibration audio but no labels. Adaptation: norms
    are over the valid frames of about `calibration_seconds` of training speech (the paper uses 128 segments of text).
    With `fine_tune` the rest of the budget trains the model, masks held.
    """

    title = "Wanda"
    family = "unstructured"
    references = (Reference("Sun et al.", 2024, "ICLR", arxiv="2306.11695", note="release locuslab/wanda"),)
    needs = "calibration"

    @dataclass(frozen=True)
    class Settings(FineTuning):
        """`calibration_seconds`: seconds of speech for the norms."""

        calibration_seconds: float = 400.0

    settings: Settings

    def compress(self, job: Job) -> PreTrainedModel:
        keep = job.target.keep
        batches = job.calibration(self.settings.calibration_seconds)

        def pruned(weight: torch.Tensor, norms: torch.Tensor) -> torch.Tensor:
            return weight * topk_mask_of_rows(wanda_scores(weight, norms), keep)

        masks = prune_layer_by_layer(job, batches, input_norms, pruned)
        fine_tune(job, self.settings, masks)
        return job.model
