"""Sharpness-aware training and the measure of sharpness: known values on a quadratic, and another library."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from bowl import CURVATURE, bowl
from conftest import MakeJob
from torch import nn

from benchmark.models.batch import Batch
from benchmark.models.output import Output
from benchmark.toolbox.job import Job
from benchmark.toolbox.masks import magnitude_masks
from benchmark.toolbox.second_gradient import RuledAdamW, moved
from benchmark.toolbox.sharpness import Ascent, FlatTraining, climb, measure_sharpness, sharpness_aware, train_flat


def test_a_step_is_the_papers() -> None:
    w, gradient = bowl()
    assert sharpness_aware(0.1)(gradient, [w]) == 6.5
    assert w.tolist() == [1.0, 2.0]
    torch.optim.SGD([w], lr=0.5).step()
    torch.testing.assert_close(w.detach(), torch.tensor([0.4918, -1.1480]), rtol=0, atol=5e-5)


def test_at_distance_zero_it_is_the_base_optimiser() -> None:
    (w, gradient), (plain, gradient_of_plain) = bowl(), bowl()
    flat, base = RuledAdamW(sharpness_aware(0.0), [{"params": [w], "lr": 0.1}]), torch.optim.AdamW([plain], 0.1)
    base.param_groups[0]["weight_decay"] = 0.0
    for _ in range(5):
        flat.step(gradient)
        gradient_of_plain()
        base.step()
    torch.testing.assert_close(w, plain)


@pytest.mark.parametrize("adaptive", [False, True])
def test_it_agrees_with_pytorch_optimizer(adaptive: bool) -> None:
    library = pytest.importorskip("pytorch_optimizer", reason="pytorch-optimizer is not installed")
    ours, theirs = (nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3)) for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    inputs = torch.randn(16, 5, generator=torch.Generator().manual_seed(0))

    def gradient_of(model: nn.Module) -> Callable[[], torch.Tensor]:
        def gradient() -> torch.Tensor:
            model.zero_grad(set_to_none=True)
            loss: torch.Tensor = model(inputs).square().sum()
            loss.backward()
            return loss.detach()

        return gradient

    flat = RuledAdamW(sharpness_aware(0.2, adaptive=adaptive), [{"params": list(ours.parameters()), "lr": 0.01}])
    their = library.SAM(theirs.parameters(), torch.optim.AdamW, rho=0.2, adaptive=adaptive, lr=0.01, weight_decay=0.0)
    for _ in range(5):
        flat.step(gradient_of(ours))
        gradient_of(theirs)()
        their.step(gradient_of(theirs))
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(a, b)
    before, gradient = gradient_of(ours)(), gradient_of(theirs)
    theirs.load_state_dict(ours.state_dict())
    gradient()
    their.first_step()
    with moved(list(ours.parameters())):
        climb(list(ours.parameters()), 0.2, adaptive=adaptive)
        torch.testing.assert_close(gradient_of(ours)() - before, gradient() - before)


def test_parameters_without_a_second_gradient_come_back_too() -> None:
    w, gradient = bowl()
    unused = nn.Parameter(torch.tensor([5.0]))
    calls = []

    def uses_both_at_first() -> torch.Tensor:
        calls.append(w.tolist())
        loss, unused.grad = gradient(), None
        if len(calls) == 1:
            unused.grad = torch.tensor([1.0])
        return loss

    sharpness_aware(0.1)(uses_both_at_first, [w, unused])
    assert calls[1] != calls[0]
    assert (w.tolist(), unused.tolist()) == ([1.0, 2.0], [5.0])


def test_sharpness_is_the_highest_rise_in_the_ball() -> None:
    w, gradient = bowl()
    ascent = Ascent(0.5, [{"params": [w], "lr": 0.1}])
    assert ascent.step(gradient) == 6.5
    assert w.tolist() == [1.0, 2.0]
    angles = torch.linspace(0, 2 * math.pi, 100_000)
    around = torch.tensor([1.0, 2.0]) + 0.5 * torch.stack([angles.cos(), angles.sin()], 1)
    highest = ((CURVATURE * around.square()).sum(1) / 2).max() - 6.5
    torch.testing.assert_close(ascent.rise, highest, rtol=1e-4, atol=0)


def test_both_gradients_are_of_the_same_utterances_and_dropout(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path, limit=120.0)
    for module in job.model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.5
    seen: list[tuple[list[int], float]] = []

    def loss_of(self: Job, output: Output, batch: Batch) -> torch.Tensor:
        value = Job.output_loss(self, output, batch)
        seen.append((batch.labels.tolist(), float(value.detach())))
        return value

    job.output_loss = loss_of.__get__(job)  # type: ignore[method-assign]
    train_flat(job, FlatTraining(rho=1e-9))
    assert len(seen) > 6
    for (labels, first), (same_labels, second) in zip(seen[::2], seen[1::2], strict=True):
        assert labels == same_labels
        assert first == pytest.approx(second, rel=1e-4)


def test_without_distance_it_is_plain_training(make_job: MakeJob, tmp_path: Path) -> None:
    flat = make_job(tmp_path / "a")
    train_flat(flat, FlatTraining(learning_rate=1e-3, rho=0.0))
    plain = make_job(tmp_path / "b")  # made now, because it seeds dropout
    plain.train(plain.model, learning_rate=1e-3)
    for a, b in zip(flat.model.parameters(), plain.model.parameters(), strict=True):
        assert torch.equal(a, b)


def test_adamw_takes_twice_as_many_steps_on_the_same_budget(make_job: MakeJob, tmp_path: Path) -> None:
    jobs = {rho: make_job(tmp_path / str(rho)) for rho in (0.0, 0.05)}
    for rho, job in jobs.items():
        train_flat(job, FlatTraining(rho=rho))
        assert 0.95 * job.budget.limit < job.budget.spent <= job.budget.limit
    one_gradient, two_gradients = (jobs[rho].curves[-1]["step"] + 1 for rho in (0.0, 0.05))
    assert one_gradient == pytest.approx(2 * two_gradients, abs=2)


def test_pruned_weights_do_not_count(make_job: MakeJob, tmp_path: Path) -> None:
    """The other weights move by all of rho, although the gradients of pruned weights are not zero."""
    job = make_job(tmp_path)
    masks = magnitude_masks(job.encoder, keep=0.35)
    points: list[list[torch.Tensor]] = []

    def loss_of(self: Job, output: Output, batch: Batch) -> torch.Tensor:
        assert all(not m.weight[~masks[m.name]].any() for m in self.encoder)
        points.append([p.detach().clone() for p in self.model.parameters()])
        return Job.output_loss(self, output, batch)

    job.output_loss = loss_of.__get__(job)  # type: ignore[method-assign]
    train_flat(job, FlatTraining(rho=0.5), masks, share=1e-9)
    assert len(points) == 2
    way = torch.stack([(a - b).norm() for a, b in zip(*points, strict=True)]).norm()
    assert float(way) == pytest.approx(0.5, rel=1e-4)


def test_measuring_changes_nothing_but_the_budget(make_job: MakeJob, tmp_path: Path) -> None:
    settings = FlatTraining(sharpness_seconds=2.0, radius=0.3)
    job = make_job(tmp_path / "a")
    start = {name: value.clone() for name, value in job.model.state_dict().items()}
    cost = measure_sharpness(job, settings, "before")
    assert job.last["sharpness_before"] > 0
    assert 0 < cost == job.budget.spent <= 4 * 3 * 2.0
    assert all(torch.equal(value, start[name]) for name, value in job.model.state_dict().items())
    assert measure_sharpness(job, settings, "again") == pytest.approx(cost)
    assert job.last["sharpness_again"] == pytest.approx(job.last["sharpness_before"], rel=1e-4)
    wider = make_job(tmp_path / "b")
    measure_sharpness(wider, FlatTraining(sharpness_seconds=2.0, radius=0.6), "before")
    assert wider.last["sharpness_before"] > job.last["sharpness_before"]


def test_a_finished_measurement_is_kept_when_a_run_resumes(make_job: MakeJob, tmp_path: Path) -> None:
    settings = FlatTraining(sharpness_seconds=2.0)
    first, resumed = make_job(tmp_path), make_job(tmp_path)
    cost = measure_sharpness(first, settings, "before")
    assert measure_sharpness(resumed, settings, "before") == pytest.approx(cost)
    assert resumed.last["sharpness_before"] == first.last["sharpness_before"]
