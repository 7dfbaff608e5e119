"""Fake quantisation: how it rounds, what passes it, that training sees what the quantised model computes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmark.models.checkpoints import load
from benchmark.toolbox.quantisation import fake_quantize, fake_quantized, quantise


def test_rounding_is_to_the_nearest_step_of_a_row_and_gradients_pass_it() -> None:
    """A row's largest value is 127.5 steps: torchao's integers go from -128 to 127."""
    values = torch.tensor([[-127.5, 3.4, 0.6, -2.7], [1.275, 0.013, 0.0, 0.0]], requires_grad=True)
    steps = fake_quantize(values)
    assert torch.allclose(steps, torch.tensor([[-128.0, 3.0, 1.0, -3.0], [1.27, 0.01, 0.0, 0.0]]), atol=1e-6)
    (steps * torch.tensor([1.0, 2.0, 3.0, 4.0])).sum().backward()
    assert values.grad is not None
    assert torch.equal(values.grad, torch.tensor([[1.0, 2.0, 3.0, 4.0]]).expand(2, 4))


@pytest.mark.parametrize("kind", ["dynamic", "weight_only"])
def test_training_sees_what_the_quantised_model_computes(tiny_model: Path, kind: str) -> None:
    """Of what goes in, a value within float32's error of a half step may go the other way and move all that follows."""
    model, quantised = load(tiny_model).model, load(tiny_model).model
    quantise(quantised, kind)  # type: ignore[arg-type]
    audio = torch.randn(1, 8000, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        dense, expected = model(audio).logits, quantised(audio).logits
        with fake_quantized(model, kind):  # type: ignore[arg-type]
            trained_on = model(audio).logits
        assert torch.equal(model(audio).logits, dense)
    gap, effect = (trained_on - expected).abs(), (dense - expected).abs()
    assert gap.median() < 0.001 * effect.median()
    if kind == "weight_only":
        assert gap.max() < 0.02 * effect.max()
