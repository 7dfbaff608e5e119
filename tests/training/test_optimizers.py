"""A method may bring its own optimiser, such as sharpness-aware minimisation, which needs two gradients per step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import MakeJob
from torch import nn

from benchmark.models.batch import Batch
from benchmark.toolbox.masks import magnitude_masks
from benchmark.training.hooks import State

RHO = 0.1


class SAM(torch.optim.SGD):
    """Foret et al., ICLR 2021: the gradient at w + rho g / ||g||, taken from w."""

    @torch.no_grad()
    def step(self, closure: Callable[[], torch.Tensor]) -> torch.Tensor:  # type: ignore[override]
        ask = torch.enable_grad()(closure)
        loss = ask()
        moved = [p for group in self.param_groups for p in group["params"] if p.grad is not None]
        norm = torch.stack([p.grad.norm() for p in moved if p.grad is not None]).norm()
        before = [p.clone() for p in moved]
        for parameter in moved:
            parameter.add_(RHO / (norm + 1e-12) * parameter.grad)
        ask()
        for parameter, value in zip(moved, before, strict=True):
            parameter.copy_(value)
        super().step()
        return loss


class Quadratic(nn.Module):
    """w' diag(1, 3) w / 2."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor([1.0, 2.0]))

    def forward(self) -> torch.Tensor:
        return torch.dot(torch.tensor([0.5, 1.5]), self.w.square())


def sam(groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    return SAM(groups)


def train(make_job: MakeJob, folder: Path, **options: Any) -> list[torch.Tensor]:
    """Train a job's model a few steps with SAM on the quadratic; the points after each step."""
    job, bowl = make_job(folder), Quadratic()
    points: list[torch.Tensor] = []

    def loss(batch: Batch, _state: State) -> torch.Tensor:
        job.forward(job.model, batch)  # charged
        value: torch.Tensor = bowl()
        return value

    job.train(
        job.model,
        learning_rate=0.5,
        warmup=1e-9,
        extra=bowl,
        loss=loss,
        after_step=lambda _state: points.append(bowl.w.detach().clone()),
        parameter_groups=[{"params": [bowl.w], "lr": 0.5}],
        **options,
    )
    return points


def test_a_step_with_two_gradients_is_the_papers(make_job: MakeJob, tmp_path: Path) -> None:
    rate = 0.5 * (1 - first_progress(make_job, tmp_path / "a"))
    first = train(make_job, tmp_path / "b", optimizer=sam)[0]
    g = torch.tensor([1.0, 6.0])
    there = torch.tensor([1.0, 2.0]) + RHO * g / g.norm()
    expected = torch.tensor([1.0, 2.0]) - rate * torch.tensor([1.0, 3.0]) * there
    torch.testing.assert_close(first, expected)
    whole_rate = torch.tensor([1.0, 2.0]) - 0.5 * torch.tensor([1.0, 3.0]) * there
    torch.testing.assert_close(whole_rate, torch.tensor([0.4918, -1.1480]), rtol=0, atol=5e-5)


def first_progress(make_job: MakeJob, folder: Path) -> float:
    """The progress that the first step makes in a phase with two passes per step."""
    job = make_job(folder)
    seen: list[float] = []
    job.train(job.model, learning_rate=1e-9, after_step=lambda state: seen.append(state.progress), optimizer=sam)
    return seen[0]


def test_both_gradients_are_charged_on_the_same_utterances_and_noise(
    make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With rho zero both passes see the same model, and the same dropout."""
    monkeypatch.setattr(f"{__name__}.RHO", 0.0)
    job = make_job(tmp_path)
    for module in job.model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.5
    seen: list[list[tuple[float, float]]] = []  # of each step's passes, seconds and loss
    spent = [job.budget.spent]

    def loss(batch: Batch, _state: State) -> torch.Tensor:
        value = job.loss(batch)
        seen[-1].append((batch.seconds, float(value)))
        return value

    job.train(
        job.model,
        learning_rate=1e-6,
        loss=loss,
        before_step=lambda _state: seen.append([]),
        after_step=lambda _state: spent.append(job.budget.spent),
        optimizer=sam,
    )
    assert len(seen) > 3
    assert all(first == second for first, second in seen)
    assert len({first for first, _ in seen}) == len(seen)
    assert spent[1] - spent[0] == pytest.approx(2 * 3 * seen[0][0][0], rel=0.05)  # the last frame is rarely whole


def test_pruned_weights_are_zero_at_the_second_point_too(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    masks = magnitude_masks(job.encoder, keep=0.35)

    def loss(batch: Batch, _state: State) -> torch.Tensor:
        assert all(not m.weight[~masks[m.name]].any() for m in job.encoder)
        return job.loss(batch)

    job.train(job.model, learning_rate=1e-2, masks=masks, loss=loss, optimizer=sam)
    assert all(not m.weight[~masks[m.name]].any() for m in job.encoder)


def test_a_method_s_own_optimiser_resumes(make_job: MakeJob, tmp_path: Path) -> None:
    def momentum(groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        return torch.optim.SGD(groups, momentum=0.9)

    def weights(folder: Path, stop_at: int | None) -> list[torch.Tensor]:
        for attempt in range(2):
            job = make_job(folder, checkpoint_seconds=0.0)

            def stop(state: State, attempt: int = attempt) -> None:
                if attempt == 0 and state.step == stop_at:
                    raise KeyboardInterrupt

            try:
                job.train(job.model, learning_rate=1e-3, optimizer=momentum, after_step=stop)
            except KeyboardInterrupt:
                continue
            return [p.detach().clone() for p in job.model.parameters()]
        raise AssertionError

    straight, resumed = weights(tmp_path / "a", None), weights(tmp_path / "b", 4)
    assert all(torch.equal(a, b) for a, b in zip(straight, resumed, strict=True))
