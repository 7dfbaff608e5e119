"""A damaged study file is still a study or is refused in one line."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from damage import assert_taken_or_refused, damaged_bytes, damaged_value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmark.system.project import ROOT

SUITE = settings(max_examples=100, suppress_health_check=list(HealthCheck), derandomize=True)
KEYS: list[Any] = [None, 1, 0.5, True, "name", "é" * 300]


def whole_study() -> dict[str, Any]:
    """A study that sets every key."""
    budget = {"kind": "work", "limit": 100}
    recipe = {"budget": budget, "learning_rate": 1e-4, "speeds": [1.0], "dropout": 0.1, "spec_augment": True}
    return {
        "name": "whole",
        "corpus": {"name": "mini", "root": "data/mini", "train": "train", "dev": "dev", "tests": ["test-clean"]}
        | {"max_seconds": 20, "download": False, "resample": False, "limit": 12, "partial": False},
        "dense": {"model": "data/mini/model", "revision": None, "fine_tune": recipe}
        | {"published_wer": {"test-clean": 14.0}, "tolerance": 0.3},
        "budget": budget,
        "training": {"batch_seconds": 16, "gradient_accumulation": 2, "frozen_frontend": True, "precision": "fp32"}
        | {"warmup": 0.1, "dropout": 0.1, "spec_augment": False},
        "evaluation": {"batch_seconds": 16},
        "hardware": {"device": "cpu"},
        "tuning": {"budget": budget, "learning_rates": [1e-4, 2e-4]},
        "targets": [0.65],
        "seeds": [0],
        "methods": {"dense": None, "self_pinching": {"settings": {"learning_rate": 1e-4, "size_weight": 300.0}}}
        | {"slow": {"method": "uniform_magnitude", "targets": [0.5], "seeds": [1], "budget_share": 0.5}},
    }


@SUITE
@given(data=st.data())
def test_a_damaged_value_is_taken_or_refused(data: st.DataObject) -> None:
    _assert_status(yaml.safe_dump(data.draw(damaged_value(whole_study())), allow_unicode=True).encode())


@SUITE
@given(data=st.data())
def test_damaged_bytes_are_taken_or_refused(data: st.DataObject) -> None:
    _assert_status(data.draw(damaged_bytes(yaml.safe_dump(whole_study()).encode())))


@pytest.mark.parametrize("key", KEYS, ids=repr)
@pytest.mark.parametrize("part", [(), ("corpus",), ("methods",), ("dense", "published_wer"), ("methods", "slow")])
def test_an_odd_key_is_taken_or_refused(part: tuple[str, ...], key: Any) -> None:
    study = whole_study()
    place = study
    for name in part:
        place = place[name]
    place[key] = 1.0
    _assert_status(yaml.safe_dump(study, allow_unicode=True).encode())


def _assert_status(text: bytes) -> None:
    with TemporaryDirectory(dir=ROOT) as scratch:
        path = Path(scratch, "study.yaml")
        path.write_bytes(text)
        assert_taken_or_refused(Path(scratch), "status", path)
