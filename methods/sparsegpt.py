"""SparseGPT: prune column by column, and correct the remaining weights for the error."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from transformers import PreTrainedModel

from benchmark.toolbox.calibration import prune_layer_by_layer, second_moments
from benchmark.toolbox.contract import Method
from benchmark.toolbox.costs import cholesky, matrix_product, symmetric_inverse
from benchmark.toolbox.damped_cholesky import damped_cholesky
from benchmark.toolbox.fine_tuning import FineTuning, fine_tune
from benchmark.toolbox.job import Job
from benchmark.toolbox.masks import topk_mask
from benchmark.toolbox.references import Reference


def inverse_root(moments: torch.Tensor, damping: float) -> torch.Tensor:
    """Upper Cholesky factor of the inverse of H = 2 E[x x'] + damping mean(diag) I, in float64.

    Raises:
        CannotCompress: H is singular despite the damping.
    """
    inverse = torch.cholesky_inverse(damped_cholesky(2 * moments.double(), damping))
    root: torch.Tensor = torch.linalg.cholesky(inverse, upper=True)
    return root


def prune(weight: torch.Tensor, moments: torch.Tensor, keep: float, damping: float, block: int) -> torch.Tensor:
    """The pruned and corrected weight (outputs, inputs): exactly round(keep * count) weights are kept.

    Columns are taken in blocks. The weights of a block with the smallest w^2 / [H^-1]_jj^2 (diagonal of the Cholesky
    factor) are pruned, and the columns after a column are corrected for its error.
    """
    dead = moments.diagonal() == 0
    root = inverse_root(moments, damping)
    left = weight.detach().double().masked_fill(dead, 0.0)
    pruned = torch.zeros_like(left)
    columns = left.shape[1]
    kept = 0
    for start in range(0, columns, block):
        end = min(start + block, columns)
        within, factor = left[:, start:end].clone(), root[start:end, start:end]
        due = round(keep * end * len(left)) - kept  # the next block makes up for the rounding of this one
        kept += due
        mask = topk_mask(within.square() / factor.diagonal().square(), due / within.numel())
        errors = torch.zeros_like(within)
        for column in range(end - start):
            values = within[:, column]
            pruned[:, start + column] = values * mask[:, column]
            errors[:, column] = (values - pruned[:, start + column]) / factor[column, column]
            within[:, column:] -= errors[:, column : column + 1] * factor[column, column:]
        left[:, end:] -= errors @ root[start:end, end:]
    return pruned.to(weight.dtype)


def pruning_cost(outputs: int, inputs: int) -> float:
    """Multiply-accumulates of `prune`: the inverse, its Cholesky factor, and the corrections of later columns."""
    return symmetric_inverse(inputs) + cholesky(inputs) + matrix_product(outputs, inputs, inputs) / 2


class SparseGPT(Method):
    """Prune each matrix by its inputs' second moments; each layer sees its pruned predecessors' outputs.

    It needs calibration audio but no labels. Adaptation: moments are over the valid frames of about
    `calibration_seconds` of training speech. With `fine_tune` the rest of the budget trains the model, masks held.
    """

    title = "SparseGPT"
    family = "unstructured"
    references = (
        Reference("Frantar and Alistarh", 2023, "ICML", arxiv="2301.00774", note="release IST-DASLab/sparsegpt"),
    )
    needs = "calibration"

    @dataclass(frozen=True)
    class Settings(FineTuning):
        """`block`: columns whose mask is chosen at once."""

        calibration_seconds: float = 400.0
        damping: float = 0.01
        block: int = 128

    settings: Settings

    def compress(self, job: Job) -> PreTrainedModel:
        keep, settings = job.target.keep, self.settings

        def pruned(weight: torch.Tensor, moments: torch.Tensor) -> torch.Tensor:
            job.charge(pruning_cost(*weight.shape))
            return prune(weight, moments, keep, settings.damping, settings.block)

        masks = prune_layer_by_layer(job, job.calibration(settings.calibration_seconds), second_moments, pruned)
        fine_tune(job, settings, masks)
        return job.model
