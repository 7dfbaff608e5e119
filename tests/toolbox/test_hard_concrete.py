"""Hard-concrete gates in closed form, and the cut that they lead to."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from conftest import MakeJob

from benchmark.models.counting import count_parameters
from benchmark.toolbox.hard_concrete import HardConcrete, L0Gates, Lagrangian


def test_the_probability_that_a_gate_is_open(make_job: MakeJob, tmp_path: Path) -> None:
    gate = HardConcrete(make_job(tmp_path).encoder.neurons[0], closed=0.5)
    assert gate.open_probability().mean().item() == pytest.approx(0.8318, abs=1e-4)
    torch.manual_seed(0)
    opened = []
    for _ in range(200):
        gate.draw()
        opened.append((gate.mask > 0).float().mean())
    assert torch.stack(opened).mean().item() == pytest.approx(0.8318, abs=0.01)


def test_wide_open_gates_expect_every_parameter(make_job: MakeJob, tmp_path: Path) -> None:
    units = make_job(tmp_path).encoder.heads[0]
    gate = HardConcrete(units, closed=0.5)
    with torch.no_grad():
        gate.log_alpha.fill_(30.0)
    assert gate.size().item() == pytest.approx(units.cost * units.count)
    assert gate.value().tolist() == [1.0] * units.count


def test_the_multipliers_climb_and_the_penalty_vanishes_at_the_target() -> None:
    lagrangian = Lagrangian()
    assert lagrangian(torch.tensor(0.65), 0.65).item() == 0
    lagrangian(torch.tensor(0.4), 0.65).backward()
    assert lagrangian.linear.grad is not None
    assert lagrangian.quadratic.grad is not None
    assert lagrangian.linear.grad.item() == pytest.approx(-0.25)  # climbing makes it negative: sparser is cheaper
    assert lagrangian.quadratic.grad.item() == pytest.approx(0.0625)


def test_the_cut_meets_the_target_and_keeps_the_gates_values(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    gates = L0Gates(job.encoder.heads, job.encoder.neurons, job.target.removed)
    neurons = job.encoder.neurons[0]
    column = neurons.outward.weight[:, 3].detach().clone()
    with torch.no_grad():
        gates.gates[len(job.encoder.heads)].log_alpha[3] = 1.0
        value = gates.gates[len(job.encoder.heads)].value()[3]
    gates.fold(job)
    assert count_parameters(job.model) == pytest.approx(job.target.remaining, rel=0.005)
    assert any(torch.allclose(left, value * column) for left in neurons.outward.weight.T)


@pytest.mark.parametrize("steps", [60, 600])
def test_the_size_reaches_the_target_in_short_searches_and_long_ones(
    make_job: MakeJob, tmp_path: Path, steps: int
) -> None:
    """The authors' fixed rates close no gate in so few steps."""
    job = make_job(tmp_path)
    gates = L0Gates(job.encoder.heads, job.encoder.neurons, job.target.removed)
    optimiser = torch.optim.AdamW(gates.parameter_groups(steps, gate_travel=30.0, size_weight=1000.0), weight_decay=0)
    decay = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.0, steps)
    for step in range(steps):
        optimiser.zero_grad()
        gates.penalty(min(1.0, step / (0.3 * steps)))[0].backward()
        optimiser.step()
        decay.step()
    assert gates.sparsity == pytest.approx(gates.target, abs=0.1)
