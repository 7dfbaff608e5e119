"""SAM, then compression: what the rounds leave, what pruning at once leaves, and what the integers are of."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from conftest import MakeJob

from benchmark.models.encoder import Encoder
from benchmark.models.folder_state import plain_state
from benchmark.toolbox.masks import global_magnitude_masks
from benchmark.toolbox.quantisation import quantise
from benchmark.toolbox.sharpness import FlatTraining, train_flat
from methods.sam import SAM
from methods.sam_int8 import SAMInt8


def test_at_once_the_trained_model_s_largest_weights_stay(make_job: MakeJob, tmp_path: Path) -> None:
    trained = make_job(tmp_path / "a")
    train_flat(trained, FlatTraining(learning_rate=1e-3))
    masks = global_magnitude_masks(trained.encoder, keep=0.35)
    pruned = Encoder(SAM({"learning_rate": 1e-3, "rounds": 0}).compress(make_job(tmp_path / "b")))
    for matrix, before in zip(pruned, trained.encoder, strict=True):
        assert torch.equal(matrix.weight, before.weight * masks[matrix.name])


@pytest.mark.parametrize("rounds", [1, 2])
def test_without_training_rounds_leave_the_start_s_largest_weights(
    make_job: MakeJob, tmp_path: Path, rounds: int
) -> None:
    job = make_job(tmp_path)
    dense = {matrix.name: matrix.weight.detach().clone() for matrix in job.encoder}
    masks = global_magnitude_masks(job.encoder, keep=0.35)
    for matrix in Encoder(SAM({"learning_rate": 0.0, "rounds": rounds}).compress(job)):
        assert torch.equal(matrix.weight, dense[matrix.name] * masks[matrix.name])
    assert 0.9 * job.budget.limit < job.budget.spent <= job.budget.limit


@pytest.mark.parametrize("rho", [0.0, 0.05])
def test_sharpness_is_in_the_record_for_sam_and_for_adamw(make_job: MakeJob, tmp_path: Path, rho: float) -> None:
    job = make_job(tmp_path)
    SAM({"rho": rho, "rounds": 0, "sharpness_seconds": 2.0, "learning_rate": 1e-3}).compress(job)
    assert job.last["sharpness_before"] > 0
    assert job.last["sharpness_after"] > 0
    assert 0.9 * job.budget.limit < job.budget.spent <= job.budget.limit


def test_the_integers_are_those_of_the_flat_model(make_job: MakeJob, tmp_path: Path) -> None:
    trained = make_job(tmp_path / "a")
    train_flat(trained, FlatTraining(learning_rate=1e-3))
    quantise(trained.model, "dynamic")
    expected = plain_state(trained.model)
    rounded = plain_state(SAMInt8({"learning_rate": 1e-3}).compress(make_job(tmp_path / "b")))
    assert rounded.keys() == expected.keys()
    assert all(torch.equal(rounded[name], expected[name]) for name in expected)
