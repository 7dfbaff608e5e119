"""Quant-Noise: which noise its settings mean, what is stored, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from conftest import MakeJob
from torchao.quantization import Int8Tensor

from benchmark.models.encoder import Encoder
from benchmark.models.forms.int4 import Int4Linear, rounded_to_int4
from methods.quant_noise import QuantNoise


@pytest.mark.parametrize("integers", ["int4", "int8"])
@pytest.mark.parametrize("noise", ["rounding", "zeroing"])
def test_it_spends_the_budget_and_stores_the_integers(
    make_job: MakeJob, tmp_path: Path, integers: str, noise: str
) -> None:
    job = make_job(tmp_path, limit=100.0)
    model = QuantNoise({"integers": integers, "noise": noise}).compress(job)
    assert job.budget.spent >= 0.9 * job.budget.limit
    for matrix in Encoder(model):
        if integers == "int4":
            assert isinstance(matrix.linear, Int4Linear)
        else:
            assert isinstance(matrix.linear.weight, Int8Tensor)


def test_without_training_it_is_plain_rounding(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    expected = [rounded_to_int4(matrix.weight) for matrix in job.encoder]
    model = QuantNoise({"fine_tune": False}).compress(job)
    assert all(torch.equal(matrix.weight, weight) for matrix, weight in zip(Encoder(model), expected, strict=True))
    assert job.budget.spent == 0


def test_the_noise_has_the_papers_probability_unless_it_is_set() -> None:
    assert QuantNoise().rate == 0.5
    assert QuantNoise({"noise": "zeroing"}).rate == 0.1
    assert QuantNoise({"noise": "zeroing", "rate": 0.2}).rate == 0.2


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"rate": 1.1}, "`rate` is 1.1: it is a probability"),
        ({"rate": 1.0, "noise": "zeroing"}, "`rate` is 1: it is a probability, and below 1 if blocks are zeroed"),
        ({"block": 5, "noise": "zeroing"}, "matrix 0.q has 32 inputs, which do not divide into blocks of 5"),
        ({"rate": 1.0, "block": 5}, None),
    ],
)
def test_what_cannot_be_is_said_before(
    make_job: MakeJob, tmp_path: Path, settings: dict[str, object], reason: str | None
) -> None:
    said = QuantNoise(settings).skip(make_job(tmp_path))
    assert said is None if reason is None else (said or "").startswith(reason)
