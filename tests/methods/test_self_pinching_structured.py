"""Structured self-pinching gates: temperature, scores and gradient by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from conftest import MakeJob

from methods.self_pinching_structured import PinchingGate, normalised_scores, temperature


def test_temperature_falls_in_a_tenth_and_comes_back() -> None:
    assert [temperature(t) for t in (0.0, 0.05, 0.1, 0.55, 1.0)] == pytest.approx([0.5, 0.255, 0.01, 0.255, 0.5])


def test_scores_span_the_layer(make_job: MakeJob, tmp_path: Path) -> None:
    for units in make_job(tmp_path).encoder.units:
        scores = normalised_scores(units).detach()
        assert float(scores.min()) == pytest.approx(1e-5)
        assert float(scores.max()) == pytest.approx(1 + 1e-5)
        assert torch.equal(scores.argsort(), units.squared_norm().argsort())


def test_starts_with_all_units_but_the_last(make_job: MakeJob, tmp_path: Path) -> None:
    for units in make_job(tmp_path).encoder.units:
        gate = PinchingGate(units)
        gate.draw(0.5)
        assert gate.mask.sum() >= units.count - 1
        assert float(gate.size().detach()) == pytest.approx(units.cost * float(gate.mask.detach().sum()))


def test_the_threshold_s_gradient_by_hand(make_job: MakeJob, tmp_path: Path) -> None:
    units = make_job(tmp_path).encoder.neurons[0]
    gate = PinchingGate(units)
    theta, tau = 0.6, 0.02
    gate.threshold.data.fill_(theta)
    gate.draw(tau)
    scores = normalised_scores(units).detach()
    assert torch.equal(gate.mask.detach().round(), (scores > theta**2).float())
    gate.size().backward()
    soft = torch.sigmoid((scores - theta**2) / (10 * tau))
    by_hand = units.cost * (soft * (1 - soft)).sum() * -2 * theta / (10 * tau)
    assert float(gate.threshold.grad) == pytest.approx(float(by_hand), rel=1e-5)  # type: ignore[arg-type]


def test_units_with_bf16_weights_are_compared_in_fp32(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    job.model.bfloat16()
    for units in job.encoder.units:
        rows = sum(linear.weight.detach().float().square().sum(1) for linear in units.inward)
        energy = (rows + units.outward.weight.detach().float().square().sum(0)).view(units.count, units.width).sum(1)
        torch.testing.assert_close(
            units.squared_norm().detach(), energy, rtol=1e-6, atol=0.0
        )  # in bf16 off by a percent
        gate = PinchingGate(units)
        gate.threshold.data.fill_(0.7)
        gate.draw(0.1)
        scores = (energy - energy.min()) / (energy.max() - energy.min() + 1e-12) + 1e-5
        assert torch.equal(gate.mask.detach().round() == 1, scores > 0.7**2)
