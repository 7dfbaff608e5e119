"""The gate's closed forms, and how it reaches its target."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from conftest import MakeJob
from torch.nn.utils import parametrize

from benchmark.footprint import matrix_sparsity
from benchmark.models.encoder import Encoder
from benchmark.models.gating import ungated
from benchmark.size_loss import size_sign
from methods.self_pinching import Gates, SelfPinching, SelfPinchingGate, temperature


def gate_with(threshold: float, tau: float, size_coefficient: float = 0.0) -> SelfPinchingGate:
    gate = SelfPinchingGate(threshold).double()
    gate.temperature, gate.size_coefficient = tau, size_coefficient
    return gate


def test_forward_keeps_what_exceeds_the_threshold() -> None:
    weight = torch.tensor([[0.3, -0.2, 0.1, -0.05, 0.2]])
    gate = SelfPinchingGate(0.2)
    assert torch.equal(gate(weight), torch.tensor([[0.3, 0.0, 0.0, 0.0, 0.0]]))
    assert torch.equal(gate.mask(weight), torch.tensor([[1.0, 0.0, 0.0, 0.0, 0.0]]))


def test_starts_dense() -> None:
    weight = torch.randn(50, 50)
    assert torch.equal(SelfPinchingGate()(weight), weight)


def test_tiny_weights_survive_at_high_temperature() -> None:
    """In fp32 the rounded sigmoid of the paper's formula would prune every |W| below about 2e-4."""
    weight = torch.full((4, 4), 1e-4)
    gate = SelfPinchingGate(1e-5)
    assert gate.temperature == 0.5
    assert torch.equal(gate(weight), weight)


@pytest.mark.parametrize("size_coefficient", [0.0, 0.03, -0.03])
@pytest.mark.parametrize("tau", [0.5, 0.01])
def test_gradients_equal_autograd_through_the_straight_through_mask(tau: float, size_coefficient: float) -> None:
    generator = torch.Generator().manual_seed(0)
    weight = 0.1 * torch.randn(6, 5, generator=generator, dtype=torch.double)
    inputs = torch.randn(7, 5, generator=generator, dtype=torch.double)

    closed, closed_weight = gate_with(0.06, tau, size_coefficient), weight.clone().requires_grad_()
    (inputs @ closed(closed_weight).T).square().sum().backward()

    auto, auto_weight = gate_with(0.06, tau), weight.clone().requires_grad_()
    mask = auto.mask(auto_weight)
    ((inputs @ (mask * auto_weight).T).square().sum() + size_coefficient * mask.sum()).backward()

    torch.testing.assert_close(closed_weight.grad, auto_weight.grad)
    torch.testing.assert_close(closed.threshold.grad, auto.threshold.grad)


def test_gradient_of_one_weight_by_hand() -> None:
    """G = 1, W = 0.5, theta = 0.3, tau = 0.5: s' = m (1 - m) with m = sigmoid(0.32)."""
    weight = torch.tensor([[0.5]], dtype=torch.double, requires_grad=True)
    gate = gate_with(0.3, 0.5, size_coefficient=0.2)
    gate(weight).sum().backward()
    soft = 1 / (1 + math.exp(-(0.25 - 0.09) / 0.5))
    slope = soft * (1 - soft)
    assert weight.grad is not None
    assert gate.threshold.grad is not None
    assert weight.grad.item() == pytest.approx(1 + (0.5 + 0.2) * slope * 2 * 0.5 / 0.5)
    assert gate.threshold.grad.item() == pytest.approx((0.5 + 0.2) * slope * -2 * 0.3 / 0.5)


def test_a_pruned_weight_can_grow_back() -> None:
    weight = torch.tensor([[0.05]], requires_grad=True)
    gate = SelfPinchingGate(0.1)
    (-gate(weight)).sum().backward()
    assert weight.grad is not None
    assert weight.grad.item() < 0  # the descent step raises it


def test_temperature_falls_along_a_cosine() -> None:
    assert temperature(0.0) == pytest.approx(0.5)
    assert temperature(0.5) == pytest.approx(0.255)
    assert temperature(1.0) == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("sparsity", "target", "sign"),
    [(0.5, 0.65, 1), (0.647, 0.65, 1), (0.649, 0.65, 0), (0.65, 0.65, 0), (0.66, 0.65, -1), (0.485, 0.5, 0)],
)
def test_size_loss_has_three_branches(sparsity: float, target: float, sign: int) -> None:
    assert size_sign(sparsity, target) == sign


def test_scaling_all_thresholds_meets_the_target_to_the_weight(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    gates = Gates(job.encoder.matrices, 0.02)
    gates.scale_to(0.65)
    assert gates.sparsity() == pytest.approx(0.65, abs=1 / gates.parameters)
    weights = [ungated(m) for m in job.encoder]
    gates.remove()
    assert not any(parametrize.is_parametrized(m.linear) for m in job.encoder)
    assert all((m.linear.weight == 0).any() for m in job.encoder)
    assert len(weights) == len(job.encoder.matrices)


@pytest.mark.parametrize("target", [0.5, 0.85])
def test_training_reaches_the_target_with_mixed_sparsity(make_job: MakeJob, tmp_path: Path, target: float) -> None:
    job = make_job(tmp_path, sparsity=target, limit=2000)
    dense = job.teacher()
    model = SelfPinching({"learning_rate": 1e-3}).compress(job)
    left = sum(int(m.weight.count_nonzero()) for m in Encoder(model))
    assert 1 - left / job.encoder.parameters == pytest.approx(target, abs=0.001)
    shares = {round(m["remaining"] / m["parameters"], 3) for m in matrix_sparsity(dense, model)}
    assert len(shares) > 3, "every matrix has its own threshold"
    assert abs(job.last["final_sparsity"] - target) < 0.05, "training itself came near the target"
