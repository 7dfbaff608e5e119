"""Low rank: every matrix becomes the product of two thin ones, by singular value decomposition."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from transformers import PreTrainedModel

from benchmark.models.encoder import Matrix
from benchmark.models.forms.factorised import break_even_rank
from benchmark.models.shapes import factorise
from benchmark.system.errors import CannotReachTarget
from benchmark.toolbox.calibration import second_moments
from benchmark.toolbox.contract import Method
from benchmark.toolbox.costs import cholesky, matrix_product, singular_value_decomposition
from benchmark.toolbox.damped_cholesky import damped_cholesky
from benchmark.toolbox.fine_tuning import FineTuning, fine_tune
from benchmark.toolbox.job import Job
from benchmark.toolbox.references import Reference
from benchmark.toolbox.target import Target


def truncated(weight: torch.Tensor, rank: int, root: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """Factors (rank, inputs) and (outputs, rank) of the best approximation of W of this rank.

    The best approximation minimises the Frobenius norm of the error or, given a square root R of the inputs' second
    moments (E[x x'] = R R'), of the error times R, which is the mean squared error of the outputs.
    """
    weight = weight.detach().double()
    left, values, right = torch.linalg.svd(weight if root is None else weight @ root, full_matrices=False)
    first = right[:rank] if root is None else torch.linalg.solve_triangular(root, right[:rank], upper=False, left=False)
    scale = values[:rank].sqrt()
    return scale[:, None] * first, left[:, :rank] * scale


def truncation_cost(outputs: int, inputs: int, whitened: bool) -> float:
    """Multiply-accumulates of `truncated`; with a root also those of the root, of W R, and of solving for R."""
    root = cholesky(inputs) + 1.5 * matrix_product(outputs, inputs, inputs) if whitened else 0.0
    return singular_value_decomposition(outputs, inputs) + root


def ranks_for(matrices: list[Matrix], target: Target) -> dict[str, int]:
    """The same share of the break-even rank for every matrix, rounded so that the target's parameters remain.

    Raises:
        CannotReachTarget: some rank would be below one.
    """
    sizes = {m.name: m.linear.in_features + m.linear.out_features for m in matrices}
    wanted = {m.name: target.keep * break_even_rank(m.linear.out_features, m.linear.in_features) for m in matrices}
    ranks = {name: int(rank) for name, rank in wanted.items()}
    if min(ranks.values()) < 1:
        raise CannotReachTarget(f"a matrix would have to be of rank {min(wanted.values()):.2f}")
    left = target.encoder_parameters - target.removed - sum(sizes[name] * rank for name, rank in ranks.items())
    for name in sorted(wanted, key=lambda name: ranks[name] - wanted[name]):
        if sizes[name] <= left:
            ranks[name] += 1
            left -= sizes[name]
    return ranks


class LowRank(Method):
    """Truncated SVD of every encoder matrix, plain or weighted by its inputs.

    The plain SVD needs no data; `whitened` needs calibration audio. With `fine_tune` the rest of the budget
    trains the factors.
    """

    title = "Low rank (SVD)"
    family = "low-rank"
    references = (
        Reference("Eckart and Young", 1936, "Psychometrika"),
        Reference("Wang et al.", 2025, "ICLR", arxiv="2403.07378", note="SVD-LLM's whitening"),
    )
    needs = "calibration"

    @dataclass(frozen=True)
    class Settings(FineTuning):
        """`damping`: added to the second moments' diagonal, as a share of its mean."""

        whitened: bool = True
        calibration_seconds: float = 400.0
        damping: float = 0.01

    settings: Settings

    def compress(self, job: Job) -> PreTrainedModel:
        settings, matrices = self.settings, job.encoder.matrices
        ranks = ranks_for(matrices, job.target)
        roots: dict[str, torch.Tensor] = {}
        if settings.whitened:
            moments = second_moments(job, matrices, job.calibration(settings.calibration_seconds))
            roots = {name: damped_cholesky(moment, settings.damping) for name, moment in moments.items()}
        for matrix in matrices:
            job.charge(truncation_cost(matrix.linear.out_features, matrix.linear.in_features, bool(roots)))
            first, second = truncated(matrix.weight, ranks[matrix.name], roots.get(matrix.name))
            thin = factorise(job.model, matrix, ranks[matrix.name])
            with torch.no_grad():
                thin.first.weight.copy_(first)
                thin.second.weight.copy_(second)
        fine_tune(job, settings)
        return job.model
