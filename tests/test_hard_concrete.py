"""Hard-concrete gates in closed form, and the cut that they lead to."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from conftest import MakeJob

from benchmark.footprint import total_parameters
from benchmark.hard_concrete import HardConcrete, L0Gates, Lagrangian


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
    assert job.target is not None
    gates = L0Gates(job.encoder.heads, job.encoder.neurons, job.target.removed)
    neurons = job.encoder.neurons[0]
    column = neurons.outward.weight[:, 3].detach().clone()
    with torch.no_grad():
        gates.gates[len(job.encoder.heads)].log_alpha[3] = 1.0
        value = gates.gates[len(job.encoder.heads)].value()[3]
    gates.fold()
    assert total_parameters(job.model) == pytest.approx(job.target.remaining, rel=0.005)
    assert any(torch.allclose(left, value * column) for left in neurons.outward.weight.T)
