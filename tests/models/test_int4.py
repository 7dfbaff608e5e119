"""4-bit integers: how they round over their whole range, what they take, and that a folder gives them back."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from benchmark.models.checkpoints import load, save
from benchmark.models.counting import count_parameters, remaining_parameters
from benchmark.models.encoder import Encoder
from benchmark.models.folder_state import plain_state
from benchmark.models.forms.int4 import Int4Linear, int4, rounded_to_int4
from benchmark.models.forms.lookup import form_of
from benchmark.models.in_floats import in_floats
from benchmark.runs.footprint import macs_per_second


def test_no_weight_of_the_whole_range_moves_by_more_than_half_a_step() -> None:
    """A scale for eight bits would put nearly all of [-1, 1] onto the lowest integers."""
    weight = torch.linspace(-1, 1, 2001)[None] * torch.tensor([[1.0], [0.01], [-300.0]])
    integers, scale = int4(weight)
    torch.testing.assert_close(scale.flatten(), torch.tensor([1.0, 0.01, 300.0]) / 7.5)
    assert bool(((weight - integers * scale).abs() <= scale / 2 * (1 + 1e-5)).all())
    assert all(set(row.tolist()) >= set(range(-7, 8)) for row in integers)


def test_a_row_of_zeros_stays_zero() -> None:
    assert torch.equal(rounded_to_int4(torch.zeros(2, 3)), torch.zeros(2, 3))


@pytest.mark.parametrize("inputs", [10, 9])
def test_two_integers_share_a_byte(inputs: int) -> None:
    torch.manual_seed(0)
    linear = nn.Linear(inputs, 6)
    rounded = Int4Linear.of(linear)
    form = form_of(rounded)
    assert torch.equal(rounded.weight, rounded_to_int4(linear.weight))
    assert {name: tensor.nbytes for name, tensor in form.tensors().items()} == {"nibbles": 30, "scale": 24, "bias": 24}
    assert sum(form.left(tensor) for tensor in form.stored) == 6 * inputs
    floats, hidden = form.floats(), torch.randn(4, inputs)
    assert isinstance(floats, nn.Linear)
    assert torch.equal(floats(hidden), rounded(hidden))


def test_the_folder_holds_half_a_byte_a_weight_and_gives_back_the_integers(tiny_model: Path, tmp_path: Path) -> None:
    speech_model = load(tiny_model)
    dense, model = load(tiny_model).model, speech_model.model
    before = save(speech_model, tmp_path / "dense")
    for matrix in Encoder(model):
        Encoder(model).put(matrix, Int4Linear.of(matrix.linear))
    saved = before - save(speech_model, tmp_path / "int4")
    assert saved == pytest.approx(3.5 * Encoder(dense).parameters, rel=0.1)
    again = load(tmp_path / "int4").model
    ours, theirs = plain_state(model), plain_state(again)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())
    assert remaining_parameters(again) == count_parameters(dense)
    assert macs_per_second(again) == macs_per_second(dense)
    audio = torch.randn(1, 8000, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.equal(in_floats(again)(audio).logits, model.eval()(audio).logits)
