"""Quant-Noise: what is noisy and when, what the noise is on average, and that weights and gradients do not feel it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import torch

from benchmark.models.checkpoints import load
from benchmark.models.encoder import Encoder
from benchmark.models.forms.int4 import rounded_to_int4
from benchmark.toolbox.quantisation import fake_quantize
from benchmark.toolbox.quantisation_noise import (
    Noise,
    QuantisationNoise,
    quantisation_noise,
    rounding_noise,
    undivided,
    zeroing_noise,
)

NOISES = {
    "int4": partial(rounding_noise, rounded=rounded_to_int4),
    "int8": partial(rounding_noise, rounded=fake_quantize),
    "zeroing": partial(zeroing_noise, block=4),
}


def weight(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)
def test_without_probability_there_is_no_noise(noise: partial[torch.Tensor]) -> None:
    assert torch.equal(noise(weight(6, 16), rate=0.0), weight(6, 16))


def test_with_probability_one_all_is_rounded() -> None:
    assert torch.equal(rounding_noise(weight(6, 16), rounded_to_int4, 1.0), rounded_to_int4(weight(6, 16)))


def test_a_share_of_the_weights_is_rounded_one_by_one() -> None:
    torch.manual_seed(0)
    values, rounded = weight(200, 512), rounded_to_int4(weight(200, 512))
    noisy = rounding_noise(values, rounded_to_int4, 0.3)
    assert bool(((noisy == values) | (noisy == rounded)).all())
    assert float((noisy == rounded).float().mean()) == pytest.approx(0.3, abs=0.01)


def test_whole_blocks_are_zeroed_and_the_others_scaled() -> None:
    torch.manual_seed(0)
    values = weight(200, 512)
    blocks, before = (each.unflatten(1, (-1, 8)) for each in (zeroing_noise(values, 8, 0.2), values))
    zeroed = (blocks == 0).all(-1)
    assert torch.equal(zeroed, (blocks == 0).any(-1))
    assert float(zeroed.float().mean()) == pytest.approx(0.2, abs=0.01)
    torch.testing.assert_close(blocks[~zeroed], before[~zeroed] / 0.8)


def test_the_expected_noisy_weight_is_the_weight() -> None:
    """The mean of n draws deviates by |w| sqrt(p / (1 - p) / n): 0.0024 |w| here; five of these are allowed."""
    torch.manual_seed(0)
    values, draws = weight(3, 8), 20_000
    mean = sum((zeroing_noise(values, 4, 0.1) for _ in range(draws)), torch.zeros(3, 8)) / draws
    assert bool(((mean - values).abs() <= 5 * values.abs() * (0.1 / 0.9 / draws) ** 0.5).all())


@pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)
def test_gradients_are_those_of_the_noisy_weights(noise: partial[torch.Tensor]) -> None:
    values, upstream = weight(6, 16).requires_grad_(), torch.arange(96.0).view(6, 16)
    (QuantisationNoise(partial(noise, rate=0.5))(values) * upstream).sum().backward()
    assert values.grad is not None
    assert torch.equal(values.grad, upstream)


@pytest.mark.parametrize("noise", NOISES.values(), ids=NOISES)
def test_a_model_is_noisy_in_training_alone_and_its_weights_stay(
    noise: partial[torch.Tensor], tiny_model: Path
) -> None:
    model = load(tiny_model).model
    before = [matrix.weight.clone() for matrix in Encoder(model)]
    audio = torch.randn(1, 8000, generator=torch.Generator().manual_seed(0))
    noisy: Noise = partial(noise, rate=0.3)
    with torch.no_grad():
        dense = model(audio).logits
        with quantisation_noise(Encoder(model), noisy):
            assert torch.equal(model(audio).logits, dense)
            layers = Encoder(model).layers[0].train()
            assert not torch.equal(model(audio).logits, model(audio).logits)
            layers.eval()
        assert torch.equal(model(audio).logits, dense)
    for matrix, weight_before in zip(Encoder(model), before, strict=True):
        assert torch.equal(matrix.weight, weight_before)


def test_blocks_that_do_not_divide_the_inputs_are_named(tiny_model: Path) -> None:
    matrix = Encoder(load(tiny_model).model).matrices[5]
    assert undivided(matrix, 8) is None
    assert undivided(matrix, 7) == "matrix 0.ffn_out has 128 inputs, which do not divide into blocks of 7"
    assert undivided(matrix, 0) == "matrix 0.ffn_out has 128 inputs, which do not divide into blocks of 0"
