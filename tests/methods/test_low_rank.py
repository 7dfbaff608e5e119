"""Truncated singular value decomposition: its error, its whitening, its ranks."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from conftest import MakeJob

from benchmark.models.counting import count_parameters
from benchmark.models.forms.factorised import break_even_rank
from benchmark.system.errors import CannotReachTarget
from benchmark.toolbox.calibration import second_moments
from benchmark.toolbox.costs import matrix_product, singular_value_decomposition
from benchmark.toolbox.damped_cholesky import damped_cholesky
from benchmark.toolbox.target import Target
from methods.low_rank import LowRank, ranks_for, truncated


def test_the_error_is_that_of_eckart_and_young() -> None:
    torch.manual_seed(0)
    weight = torch.randn(12, 9)
    first, second = truncated(weight, 4)
    error = torch.linalg.norm(weight.double() - second @ first)
    assert float(error) == pytest.approx(float(torch.linalg.svdvals(weight.double())[4:].square().sum().sqrt()))


def test_whitening_is_the_least_error_of_the_outputs() -> None:
    torch.manual_seed(1)
    inputs, weight = (torch.randn(300, 9) @ torch.randn(9, 9)).double(), torch.randn(12, 9)
    moments = inputs.T @ inputs / len(inputs)
    root = damped_cholesky(moments, 0.0)
    first, second = truncated(weight, 4, root)
    plain_first, plain_second = truncated(weight, 4)
    error = (inputs @ (second @ first - weight.double()).T).square().sum() / len(inputs)
    plain = (inputs @ (plain_second @ plain_first - weight.double()).T).square().sum() / len(inputs)
    least = torch.linalg.svdvals(weight.double() @ root)[4:].square().sum()
    assert float(error) == pytest.approx(float(least))
    assert error < plain


def test_the_ranks_meet_the_target(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    matrices = job.encoder.matrices
    ranks = ranks_for(matrices, job.target)
    stored = sum(ranks[m.name] * (m.linear.in_features + m.linear.out_features) for m in matrices)
    left = job.target.encoder_parameters - job.target.removed - stored
    assert 0 <= left < min(m.linear.in_features + m.linear.out_features for m in matrices)
    assert break_even_rank(768, 3072) == pytest.approx(614.4)
    with pytest.raises(CannotReachTarget, match="rank 0"):
        ranks_for(matrices, Target(0.99, job.encoder.parameters, count_parameters(job.model)))


def test_the_decompositions_are_charged(make_job: MakeJob, tmp_path: Path) -> None:
    job, other = make_job(tmp_path / "one"), make_job(tmp_path / "other")
    LowRank({"whitened": False}).compress(job)
    for matrix in other.encoder:
        other.charge(singular_value_decomposition(matrix.linear.out_features, matrix.linear.in_features))
    assert job.budget.spent == pytest.approx(other.budget.spent)


def test_whitening_charges_the_products_of_all_inputs_as_well(make_job: MakeJob, tmp_path: Path) -> None:
    job, other = make_job(tmp_path / "one", limit=1e5), make_job(tmp_path / "other", limit=1e5)
    batches = job.calibration(8.0)
    frames = sum(int(batch.frames.sum()) for batch in batches)
    before = job.budget.spent
    second_moments(job, job.encoder.matrices[:1], batches)
    for batch in other.calibration(8.0):
        other.forward(other.model, batch)
    width = job.encoder.matrices[0].linear.in_features
    other.charge(matrix_product(width, frames, width))
    assert job.budget.spent - before == pytest.approx(other.budget.spent)
