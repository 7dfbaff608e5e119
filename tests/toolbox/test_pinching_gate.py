"""The self-pinching gate: its closed forms, and gates on a model."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from conftest import MakeJob
from torch.nn.utils import parametrize

from benchmark.models.gating import ungated
from benchmark.toolbox.pinching_gate import (
    SelfPinchingGate,
    SelfPinchingGates,
    annealed_temperature,
    pinch_gradients,
    where_kept,
)

THETA = 0.05  # its nearest bf16 number is 0.0500488
Gradients = tuple[torch.Tensor, torch.Tensor]


def soft_mask(weight: torch.Tensor, threshold: torch.Tensor, tau: float) -> torch.Tensor:
    """The paper's mask, straight through: exactly 0 or 1, with the soft mask's gradient."""
    soft = torch.sigmoid((weight.square() - threshold.square()) / tau)
    hard = (weight.abs() > threshold.abs()).to(weight.dtype)
    return hard - soft.detach() + soft


def closed_form(
    weight: torch.Tensor, theta: float, tau: float, lam: float, loss: Callable[..., torch.Tensor]
) -> Gradients:
    """Gradients of a loss of the gated weight plus lam times the number of kept weights."""
    threshold = torch.tensor(theta, dtype=weight.dtype)
    gated = where_kept(weight, weight, threshold).requires_grad_()
    loss(gated).backward()
    assert gated.grad is not None
    return pinch_gradients(gated.grad, weight, threshold, tau, torch.tensor(lam, dtype=weight.dtype))


def pass_by_pass(
    gradient: torch.Tensor, weight: torch.Tensor, threshold: torch.Tensor, tau: float, lam: float
) -> Gradients:
    """The closed form as the committed results were made with it, a tensor for every pass."""

    def kept(values: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = torch.ops.aten.hardshrink_backward(values, weight, abs(float(threshold)))
        return result

    soft = torch.addcmul(-threshold.square() / tau, weight, weight, value=1 / tau).sigmoid_()
    factor = torch.ops.aten.sigmoid_backward(torch.addcmul(gradient.new_full((), lam), gradient, weight), soft)
    to_weight = kept(gradient).addcmul_(factor, weight, value=2 / tau)
    return to_weight, factor.sum() * (-2 * threshold / tau)


def test_forward_keeps_what_exceeds_the_threshold() -> None:
    weight = torch.tensor([[0.3, -0.2, 0.1, -0.05, 0.2]])
    assert torch.equal(SelfPinchingGate(0.2)(weight), torch.tensor([[0.3, 0.0, 0.0, 0.0, 0.0]]))


def test_starts_dense() -> None:
    weight = torch.randn(50, 50)
    assert torch.equal(SelfPinchingGate(1e-5)(weight), weight)


def test_tiny_weights_survive() -> None:
    """In fp32 at tau = 0.5 the rounded sigmoid of the paper's formula would prune every |W| below about 2e-4."""
    weight = torch.full((4, 4), 1e-4)
    assert torch.equal(SelfPinchingGate(1e-5)(weight), weight)


def test_bf16_weights_are_compared_in_fp32() -> None:
    weight = (0.05 * torch.randn(768, 768, generator=torch.Generator().manual_seed(0))).bfloat16()
    kept = weight.float().abs() > torch.tensor(THETA)
    rounded = weight.abs() > torch.tensor(THETA).bfloat16()
    assert 0.001 < float((kept != rounded).float().mean()) < 0.005  # what the comparison in bf16 would wrongly prune
    gated = SelfPinchingGate(THETA)(weight)
    assert gated.dtype == torch.bfloat16
    assert torch.equal(gated != 0, kept)
    assert torch.equal(where_kept(weight, weight, torch.tensor(THETA)) != 0, kept)


def test_gates_on_bf16_weights_count_scale_and_prune_in_fp32(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    job.model.bfloat16()
    gates = SelfPinchingGates(job.encoder.matrices, THETA)
    weights = {m.name: ungated(m).detach().clone() for m in job.encoder}
    kept = {name: weight.float().abs() > torch.tensor(THETA) for name, weight in weights.items()}
    assert gates.begin() == pytest.approx(1 - sum(int(k.sum()) for k in kept.values()) / gates.parameters, abs=1e-12)
    for matrix, gate in gates.pairs:
        assert torch.equal(matrix.weight != 0, kept[matrix.name])
        matrix.weight.square().sum().backward()
        assert gate.gated is not None
    gates.end(0.1, 1e-3)
    for matrix, gate in gates.pairs:
        weight = ungated(matrix)
        exact = weights[matrix.name].float()
        gradient = (2 * weights[matrix.name] * kept[matrix.name]).float()
        to_weight, to_threshold = pass_by_pass(gradient, exact, torch.tensor(THETA), 0.1, 1e-3)
        assert weight.grad is not None
        assert weight.grad.dtype == torch.bfloat16
        assert torch.equal(weight.grad, to_weight.bfloat16())
        assert torch.equal(gate.threshold.grad, to_threshold)  # type: ignore[arg-type]
    factor = gates.scale_to(0.65)
    exact_ratios = torch.cat([w.float().abs().flatten() / torch.tensor(THETA) for w in weights.values()])
    assert factor == float(exact_ratios.kthvalue(round(0.65 * gates.parameters)).values)
    kept = {m.name: weights[m.name].float().abs() > gate.threshold.detach() for m, gate in gates.pairs}
    gates.remove()
    assert all(torch.equal(m.weight, weights[m.name] * kept[m.name]) for m in job.encoder)


@pytest.mark.parametrize("size_coefficient", [0.0, 0.03, -0.03])
@pytest.mark.parametrize("tau", [0.5, 0.01])
def test_gradients_equal_autograd_through_the_straight_through_mask(tau: float, size_coefficient: float) -> None:
    generator = torch.Generator().manual_seed(0)
    weight = 0.1 * torch.randn(6, 5, generator=generator, dtype=torch.double)
    inputs = torch.randn(7, 5, generator=generator, dtype=torch.double)
    closed = closed_form(weight, 0.06, tau, size_coefficient, lambda gated: (inputs @ gated.T).square().sum())

    weight.requires_grad_()
    threshold = torch.tensor(0.06, dtype=torch.double, requires_grad=True)
    mask = soft_mask(weight, threshold, tau)
    ((inputs @ (mask * weight).T).square().sum() + size_coefficient * mask.sum()).backward()

    torch.testing.assert_close(closed, (weight.grad, threshold.grad))


def test_gradient_of_one_weight_by_hand() -> None:
    """G = 1, W = 0.5, theta = 0.3, tau = 0.5: s' = m (1 - m) with m = sigmoid(0.32)."""
    weight = torch.tensor([[0.5]], dtype=torch.double)
    to_weight, to_threshold = closed_form(weight, 0.3, 0.5, 0.2, torch.sum)
    soft = 1 / (1 + math.exp(-(0.25 - 0.09) / 0.5))
    slope = soft * (1 - soft)
    assert to_weight.item() == pytest.approx(1 + (0.5 + 0.2) * slope * 2 * 0.5 / 0.5)
    assert to_threshold.item() == pytest.approx((0.5 + 0.2) * slope * -2 * 0.3 / 0.5)


def test_a_pruned_weight_can_grow_back() -> None:
    to_weight, _ = closed_form(torch.tensor([[0.05]]), 0.1, 0.5, 0.0, lambda gated: -gated.sum())
    assert to_weight.item() < 0  # the descent step raises it


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("shape", [(192, 192), (768, 192), (192, 768), (37, 53)])
def test_gradients_are_to_the_bit_those_of_the_committed_results(shape: tuple[int, int], threads: int) -> None:
    generator = torch.Generator().manual_seed(0)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        for tau, lam in ((0.5, 6e-4), (0.2, -6e-4), (0.011, 0.0)):
            weight = 0.05 * torch.randn(shape, generator=generator)
            gradient, threshold = 0.3 * torch.randn(shape, generator=generator), torch.tensor(0.03)
            expected = pass_by_pass(gradient, weight, threshold, tau, lam)
            found = pinch_gradients(gradient, weight, threshold, tau, torch.tensor(lam))
            assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
    finally:
        torch.set_num_threads(before)


def test_temperature_falls_along_a_cosine() -> None:
    assert annealed_temperature(0.0) == pytest.approx(0.5)
    assert annealed_temperature(0.5) == pytest.approx(0.255)
    assert annealed_temperature(1.0) == pytest.approx(0.01)


def test_scaling_all_thresholds_meets_the_target_to_the_weight(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    gates = SelfPinchingGates(job.encoder.matrices, 0.02)
    gates.scale_to(0.65)
    assert gates.sparsity() == pytest.approx(0.65, abs=1 / gates.parameters)
    weights = [ungated(m) for m in job.encoder]
    gates.remove()
    assert not any(parametrize.is_parametrized(m.linear) for m in job.encoder)
    assert all((m.linear.weight == 0).any() for m in job.encoder)
    assert len(weights) == len(job.encoder.matrices)
