"""2:4 sparsity: two of every four weights along the inputs are pruned, a pattern that GPUs can skip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from transformers import PreTrainedModel

from benchmark.models.batch import Batch
from benchmark.models.encoder import Matrix
from benchmark.toolbox.calibration import input_norms, prune_layer_by_layer
from benchmark.toolbox.contract import Method
from benchmark.toolbox.fine_tuning import FineTuning, fine_tune
from benchmark.toolbox.job import Job
from benchmark.toolbox.masks import n_of_m_mask
from benchmark.toolbox.references import Reference


def equal_norms(_job: Job, matrices: Sequence[Matrix], _batches: Sequence[Batch]) -> dict[str, torch.Tensor]:
    """The same norm for all inputs, so that Wanda's scores are the magnitudes."""
    return {matrix.name: torch.ones(()) for matrix in matrices}


class SemiStructured(Method):
    """Keep the best two of every four weights along the inputs, then fine-tune with the mask held.

    Scores are magnitudes, or Wanda's, for which each layer sees its pruned predecessors' outputs. Half of the weights
    are pruned, whatever the study's targets, so its row has a size of its own.
    """

    title = "2:4"
    family = "unstructured"
    references = (
        Reference("Mishra et al.", 2021, arxiv="2104.08378"),
        Reference("Sun et al.", 2024, "ICLR", arxiv="2306.11695", note="Wanda's scores"),
    )
    takes_target = False

    @dataclass(frozen=True)
    class Settings(FineTuning):
        """`calibration_seconds`: audio for Wanda's scores."""

        scores: Literal["magnitude", "wanda"] = "magnitude"
        calibration_seconds: float = 400.0
        fine_tune: bool = True

    settings: Settings

    def skip(self, job: Job) -> str | None:
        uneven = [matrix.name for matrix in job.encoder if matrix.linear.in_features % 4]
        return f"the inputs of {uneven[0]} do not divide into groups of 4" if uneven else None

    def compress(self, job: Job) -> PreTrainedModel:
        settings, by_wanda = self.settings, self.settings.scores == "wanda"
        masks = prune_layer_by_layer(
            job,
            job.calibration(settings.calibration_seconds) if by_wanda else [],
            input_norms if by_wanda else equal_norms,
            lambda weight, norms: weight * n_of_m_mask(weight.detach().abs() * norms),
        )
        fine_tune(job, settings, masks)
        return job.model
