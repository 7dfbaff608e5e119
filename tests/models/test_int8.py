"""8-bit integers: how they round, how they train, how a folder restores them, and how they are counted."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from conftest import MakeJob
from torchao.quantization import Int8Tensor

from benchmark.models.checkpoints import load, save
from benchmark.models.counting import count_parameters, remaining_parameters
from benchmark.models.encoder import Encoder
from benchmark.models.folder_state import plain_state
from benchmark.models.forms.quantised import quantise_linear
from benchmark.models.in_floats import in_floats
from benchmark.runs.footprint import macs_per_second
from benchmark.study.registry import load_method
from benchmark.toolbox.quantisation import quantise


@pytest.mark.parametrize("kind", ["dynamic", "weight_only"])
def test_no_weight_moves_by_more_than_half_a_step(tiny_model: Path, kind: str) -> None:
    dense, model = load(tiny_model).model, load(tiny_model).model
    quantise(model, kind)  # type: ignore[arg-type]
    for before, after in zip(Encoder(dense), Encoder(in_floats(model)), strict=True):
        step = before.weight.abs().amax(dim=1, keepdim=True) / 127
        assert bool(((before.weight - after.weight).abs() <= 0.51 * step).all())


def test_the_folder_holds_a_byte_a_weight_and_gives_back_the_integers(tiny_model: Path, tmp_path: Path) -> None:
    speech_model = load(tiny_model)
    before = save(speech_model, tmp_path / "dense")
    quantise(speech_model.model, "weight_only")
    saved = before - save(speech_model, tmp_path / "int8")
    assert saved == pytest.approx(3 * Encoder(speech_model.model).parameters, rel=0.2)
    restored = load(tmp_path / "int8").model
    ours, theirs = plain_state(speech_model.model), plain_state(restored)
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_a_model_in_part_of_integers_loads_as_it_was(tiny_model: Path, tmp_path: Path) -> None:
    speech_model = load(tiny_model)
    quantise_linear(Encoder(speech_model.model).matrices[3].linear, "weight_only")
    save(speech_model, tmp_path / "int8")
    weights = [matrix.weight for matrix in Encoder(load(tmp_path / "int8").model)]
    assert [isinstance(weight, Int8Tensor) for weight in weights] == [index == 3 for index in range(18)]


def test_integers_are_parameters_and_multiplications_like_others(tiny_model: Path) -> None:
    dense, model = load(tiny_model).model, load(tiny_model).model
    quantise(model, "dynamic")
    assert remaining_parameters(model) == count_parameters(dense)
    assert macs_per_second(model) == macs_per_second(dense)


@pytest.mark.parametrize("kind", ["dynamic", "weight_only"])
def test_fine_tuning_spends_the_budget_and_ends_in_integers(make_job: MakeJob, tmp_path: Path, kind: str) -> None:
    job = make_job(tmp_path)
    trained = load_method("int8")({"kind": kind, "fine_tune": True, "learning_rate": 1e-3}).compress(job)
    plain = load_method("int8")({"kind": kind}).compress(make_job(tmp_path / "plain"))
    assert job.budget.spent >= 0.9 * job.budget.limit
    for ours, theirs in zip(Encoder(trained), Encoder(plain), strict=True):
        assert isinstance(ours.linear.weight, Int8Tensor)
        assert isinstance(theirs.linear.weight, Int8Tensor)
        assert not torch.equal(ours.linear.weight.qdata, theirs.linear.weight.qdata)
