"""The meter: forwards, backwards, teachers, students and deep copies."""

from __future__ import annotations

import copy
from itertools import count
from pathlib import Path

import pytest
import torch
from conftest import MakeJob
from small_models import write_tiny_model

from benchmark.models.encoder import Encoder
from benchmark.training.budget import Budget, Clock, OverBudget


def seconds_of(frames: torch.Tensor) -> float:
    return frames.shape[0] * int(frames.max()) / 50


def test_a_forward_costs_one_and_a_backward_two_a_second(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    batch = job.calibration(1)[0]
    output = job.forward(job.model, batch)
    expected = seconds_of(batch.frames)
    assert job.budget.spent == pytest.approx(expected)
    output.logits.sum().backward()
    assert job.budget.spent == pytest.approx(3 * expected)


def test_an_encoder_decoder_s_layers_all_cost_by_the_windows_it_hears(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path, model=write_tiny_model("whisper", tmp_path / "model"))
    batch = job.calibration(8.0)[0]
    before = job.budget.spent
    loss = job.loss(batch)
    assert job.budget.spent - before == pytest.approx(batch.seconds)
    Encoder(job.model).stacks[0].requires_grad_(False)
    job.loss(batch).backward()
    assert job.budget.spent - before == pytest.approx((2 + 2 / 2) * batch.seconds)  # half of the layers learn
    loss.backward()
    assert job.budget.spent - before == pytest.approx((3 + 2) * batch.seconds)


def test_a_loss_on_hidden_layers_costs_the_backward_of_those_layers(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    batch = job.calibration(1)[0]
    expected = seconds_of(batch.frames)
    states = job.forward(job.model, batch, hidden_states=True).hidden_states
    states[-1].sum().backward(retain_graph=True)
    assert job.budget.spent == pytest.approx(3 * expected)
    states[1].sum().backward()
    assert job.budget.spent == pytest.approx((3 + 2 / 3) * expected)


def test_a_frozen_part_costs_no_backward(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    job.model.requires_grad_(False)
    job.model.lm_head.requires_grad_(True)
    Encoder(job.model).layers[2].requires_grad_(True)
    batch = job.calibration(1)[0]
    job.forward(job.model, batch).logits.sum().backward()
    assert job.budget.spent == pytest.approx((1 + 2 / 3) * seconds_of(batch.frames))


def test_a_model_that_got_smaller_costs_less(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    batch = job.calibration(1)[0]
    Encoder(job.model).arrange([[0]])
    job.forward(job.model, batch).logits.sum().backward()
    assert 0.6 * seconds_of(batch.frames) < job.budget.spent < 2.8 * seconds_of(batch.frames)


def test_a_teacher_costs_its_forwards(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    batch = job.calibration(1)[0]
    with torch.no_grad():
        job.forward(job.teacher(), batch)
    assert job.budget.spent == pytest.approx(seconds_of(batch.frames))


def test_a_copy_pays_for_its_own_size(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    student = copy.deepcopy(job.model)
    Encoder(student).arrange([[0]])
    assert len(Encoder(student).layers) == 1
    batch = job.calibration(1)[0]
    with torch.no_grad():
        job.forward(student, batch)
    assert 0.2 * seconds_of(batch.frames) < job.budget.spent < 0.95 * seconds_of(batch.frames)


def test_passing_the_limit_is_an_error(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path, limit=1.0)
    batch = job.calibration(8)[0]
    with pytest.raises(OverBudget, match=r"of 1 work"):
        job.forward(job.model, batch)


def test_device_seconds_are_those_on_the_clock(
    make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = count()
    monkeypatch.setattr("benchmark.training.budget.time.perf_counter", lambda: next(ticks) / 200)
    job = make_job(tmp_path, limit=2.0, kind="device_seconds")
    job.train(job.model, learning_rate=1e-4)
    assert job.budget.spent == pytest.approx(job.budget.clock.seconds["train"], rel=0.2)
    assert 1.0 < job.budget.spent <= 2.02


def test_the_clock_gives_time_to_the_innermost_phase() -> None:
    clock = Clock()
    with clock.phase("outer"), clock.phase("inner"), clock.phase(None):
        pass
    assert set(clock.seconds) == {"outer", "inner"}
    budget = Budget("work", 10, clock)
    budget.charge(4)
    assert budget.left == 6
