"""Kernelised convex masking: prune neurons that others can represent and that are seldom active, without gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from transformers import PreTrainedModel

from benchmark.models.full_precision import at_least_fp32
from benchmark.models.units import Units, select_units
from benchmark.toolbox.calibration import input_norms
from benchmark.toolbox.contract import Method
from benchmark.toolbox.costs import matrix_product
from benchmark.toolbox.fine_tuning import FineTuning, fine_tune
from benchmark.toolbox.job import Job
from benchmark.toolbox.references import Reference
from benchmark.toolbox.scales import absorb, teacher_removed, tuned_scales

SMALL = 1e-12
MOST_ITERATIONS = 1000  # it takes tens


def gaussian_kernel(vectors: torch.Tensor, width: float) -> torch.Tensor:
    """K_ij = exp(-||w_i - w_j||^2 / sigma^2), (n, n), for vectors (n, features); sigma is `width` median distances."""
    distances = torch.cdist(vectors, vectors).fill_diagonal_(0.0)
    others = ~torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    sigma = width * distances[others].median().clamp(min=SMALL)
    return torch.exp(-(distances / sigma).square())


def convex_combinations(kernel: torch.Tensor, tolerance: float) -> tuple[torch.Tensor, int]:
    """C >= 0 (n, n) that minimises ||Phi - Phi C||^2, where K = Phi' Phi, and the number of iterations.

    The update C <- C sqrt(K / K C) starts from 1 / n and ends when the relative change of C, in the Frobenius norm, is
    below the tolerance.
    """
    combinations = torch.full_like(kernel, 1 / len(kernel))
    for iterations in range(1, MOST_ITERATIONS + 1):  # noqa: B007
        before = combinations
        combinations = before * (kernel / (kernel @ before).clamp(min=SMALL)).sqrt()
        if (combinations - before).norm() < tolerance * before.norm():
            break
    return combinations, iterations


def ranks(values: torch.Tensor) -> torch.Tensor:
    """Ranks of the values (n,) as shares of their number: from 1 / n for the smallest to 1 for the largest."""
    return (values.argsort(stable=True).argsort() + 1) / len(values)


class KCM(Method):
    """Prune the neurons that others represent and that are little active, and rescale the others; all heads stay.

    A neuron's rank is the product of its ranks, within its layer, in R2 (how little other neurons represent its
    weights) and in D2 (the norm of its activations over all valid frames). Adaptations: the paper has no public code,
    so the width of the kernel, the tolerance and D2 are choices; the scales come from the same least squares as
    `kwon`. With `fine_tune` the rest of the budget trains the smaller model.
    """

    title = "KCM"
    family = "structured"
    references = (
        Reference("Nova et al.", 2023, "ICML", arxiv="2303.04185"),
        Reference("Kwon et al.", 2022, "NeurIPS", arxiv="2204.09656", note="scales"),
    )
    needs = "calibration"

    @dataclass(frozen=True)
    class Settings(FineTuning):
        """`vectors`: the weights that represent a neuron, those that it reads by or those that it writes by.

        `kernel_width`: sigma in median distances of these vectors. `tolerance`: of the relative change of C. `damping`:
        of the deviation of scales from 1, as a share of the least squares' mean diagonal.
        """

        calibration_seconds: float = 400.0
        vectors: Literal["in", "out"] = "out"
        kernel_width: float = 0.5
        tolerance: float = 0.01
        damping: float = 0.01

    settings: Settings

    def skip(self, job: Job) -> str | None:
        there, removed = sum((units.count - 1) * units.cost for units in job.encoder.neurons), job.target.removed
        if removed > there:
            return f"all heads stay, and {there:,} parameters of neurons can go, not the {removed:,} of the target"
        return None

    def compress(self, job: Job) -> PreTrainedModel:
        settings, neurons, removed = self.settings, job.encoder.neurons, job.target.removed
        batches = job.calibration(settings.calibration_seconds)
        activity = input_norms(job, [matrix for matrix in job.encoder if matrix.kind == "ffn_out"], batches)
        scores = [ranks(self.uniqueness(job, units)) * ranks(activity[f"{units.layer}.ffn_out"]) for units in neurons]
        kept = select_units(neurons, scores, removed)
        teacher = select_units(neurons, scores, teacher_removed(job.encoder.units, removed))
        absorb(neurons, tuned_scales(job, batches, neurons, kept, teacher, settings.damping))
        fine_tune(job, settings)
        return job.model

    def uniqueness(self, job: Job, units: Units) -> torch.Tensor:
        """R2 of each neuron (count,): the diagonal of C, 1 for one that no others represent."""
        weight = units.inward[0].weight if self.settings.vectors == "in" else units.outward.weight.T
        vectors = at_least_fp32(weight.detach())
        kernel = gaussian_kernel(vectors, self.settings.kernel_width)
        combinations, iterations = convex_combinations(kernel, self.settings.tolerance)
        count, features = vectors.shape
        job.charge(matrix_product(count, features + iterations * count, count))
        return combinations.diagonal()
