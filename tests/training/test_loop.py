"""The training loop: schedule, mask discipline, batches, accumulation, divergence."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from conftest import MakeJob
from hypothesis import given
from hypothesis import strategies as st

from benchmark.models.batch import Batch
from benchmark.models.forward import front_end
from benchmark.system.errors import TrainingDiverged
from benchmark.toolbox.masks import magnitude_masks, random_masks
from benchmark.training.batches import epoch_batches, group_by_length
from benchmark.training.budget import OverBudget
from benchmark.training.hooks import State
from benchmark.training.options import learning_rate_factor


def test_learning_rate_rises_then_falls_linearly() -> None:
    assert learning_rate_factor(0.05, 0.1) == pytest.approx(0.5)
    assert learning_rate_factor(0.1, 0.1) == pytest.approx(1.0)
    assert learning_rate_factor(0.55, 0.1) == pytest.approx(0.5)
    assert learning_rate_factor(1.0, 0.1) == 0.0


@given(st.lists(st.floats(0.5, 20), min_size=1, max_size=60), st.integers(0, 5))
def test_an_epoch_holds_every_utterance_once_and_respects_the_batch_size(seconds: list[float], seed: int) -> None:
    batches = epoch_batches(seconds, 24.0, seed, epoch=1)
    assert sorted(i for batch in batches for i in batch) == list(range(len(seconds)))
    assert all(len(b) == 1 or max(seconds[i] for i in b) * len(b) <= 24.0 for b in batches)
    assert batches == epoch_batches(seconds, 24.0, seed, epoch=1)


def test_an_over_long_utterance_goes_alone() -> None:
    assert group_by_length([1, 50, 1], [0, 1, 2], 10) == [[0], [1], [2]]


@pytest.mark.parametrize("keep", [0.35, 0.15])
def test_masks_are_exact_to_one_weight(make_job: MakeJob, tmp_path: Path, keep: float) -> None:
    job = make_job(tmp_path)
    largest = magnitude_masks(job.encoder, keep=keep)
    by_lot = random_masks(job.encoder, keep=keep, generator=job.generator)
    for masks in (largest, by_lot):
        for matrix in job.encoder:
            assert int(masks[matrix.name].sum()) == round(keep * matrix.weight.numel())


def test_magnitude_masks_keep_the_largest(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    for matrix, mask in zip(job.encoder, magnitude_masks(job.encoder, keep=0.3).values(), strict=True):
        assert matrix.weight.abs()[mask].min() >= matrix.weight.abs()[~mask].max()


def test_masked_weights_stay_at_zero_through_every_step(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    masks = magnitude_masks(job.encoder, keep=0.35)
    steps = []

    def check(state: State) -> None:
        steps.append(state.progress)
        assert all(not m.weight[~masks[m.name]].any() for m in job.encoder)

    job.train(job.model, learning_rate=1e-2, masks=masks, after_step=check)
    assert len(steps) > 5
    assert steps == sorted(steps)
    assert steps[-1] > 0.85


def test_the_frozen_front_end_does_not_move(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    front_end = job.model.base_model.get_submodule("feature_extractor")
    before = [p.clone() for p in front_end.parameters()]
    job.train(job.model, learning_rate=1e-2)
    after = front_end.parameters()
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert not torch.equal(job.teacher().lm_head.weight, job.model.lm_head.weight)


def test_no_gradient_is_computed_through_the_frozen_front_end(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    seen = []

    def loss(batch: Batch, _state: State) -> torch.Tensor:
        assert batch.audio is not None
        seen.append(front_end(job.model, batch.audio).requires_grad)
        return job.loss(batch)

    job.train(job.model, learning_rate=1e-3, loss=loss)
    assert set(seen) == {False}


def test_a_loss_that_is_not_finite_stops_the_run(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    with pytest.raises(TrainingDiverged, match="the loss is nan at step 0"):
        job.train(
            job.model,
            learning_rate=1e-3,
            loss=lambda batch, _: job.loss(batch) * float("nan"),
        )


def test_a_weight_that_is_not_finite_at_the_end_stops_the_run(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)

    def overflow(state: State) -> None:
        if state.progress > 0.9:
            with torch.no_grad():
                job.encoder.matrices[0].weight.fill_(float("inf"))

    with pytest.raises(TrainingDiverged, match=r"not finite|the loss is nan"):
        job.train(job.model, learning_rate=1e-3, after_step=overflow)


def test_training_on_nothing_is_over_budget(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    job.budget.charge(job.budget.left)
    with pytest.raises(OverBudget, match="none of the budget of 400 is left"):
        job.train(job.model, learning_rate=1e-3)


def test_shares_split_the_budget(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    job.train(job.model, learning_rate=1e-3, share=0.4)
    assert job.budget.spent == pytest.approx(0.4 * job.budget.limit, rel=0.1)
    job.train(job.model, learning_rate=1e-3)
    assert job.budget.spent == pytest.approx(job.budget.limit, rel=0.06)


def test_training_lowers_the_loss(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path, limit=1500)
    job.train(job.model, learning_rate=3e-3)
    losses = [row["loss"] for row in job.curves]
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])
