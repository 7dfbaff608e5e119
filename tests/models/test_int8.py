"""8-bit integers: how far they round, that a folder gives them back, and what they count as."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmark.footprint import macs_per_second, remaining_parameters, total_parameters
from benchmark.models.checkpoints import load, plain_state, save
from benchmark.models.encoder import Encoder
from benchmark.models.int8 import dequantised, quantise


@pytest.mark.parametrize("kind", ["dynamic", "weight_only"])
def test_no_weight_moves_by_more_than_half_a_step(tiny_model: Path, kind: str) -> None:
    dense, model = load(tiny_model).model, load(tiny_model).model
    quantise(model, kind)  # type: ignore[arg-type]
    for before, after in zip(Encoder(dense), Encoder(dequantised(model)), strict=True):
        step = before.weight.abs().amax(dim=1, keepdim=True) / 127
        assert bool(((before.weight - after.weight).abs() <= 0.51 * step).all())


def test_the_folder_holds_a_byte_a_weight_and_gives_back_the_integers(tiny_model: Path, tmp_path: Path) -> None:
    ctc = load(tiny_model)
    before = save(ctc, tmp_path / "dense")
    quantise(ctc.model, "weight_only")
    saved = before - save(ctc, tmp_path / "int8")
    assert saved == pytest.approx(3 * Encoder(ctc.model).parameters, rel=0.2)
    restored = load(tmp_path / "int8").model
    ours, theirs = plain_state(ctc.model), plain_state(restored)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_integers_are_parameters_and_multiplications_like_others(tiny_model: Path) -> None:
    dense, model = load(tiny_model).model, load(tiny_model).model
    quantise(model, "dynamic")
    assert remaining_parameters(model) == total_parameters(dense)
    assert macs_per_second(model) == macs_per_second(dense)
