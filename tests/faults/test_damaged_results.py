"""`tables` and `merge` use a damaged results folder or refuse it in one line."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from damage import assert_taken_or_refused, damaged_file
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from synthetic_study import RECIPES, build_study

from benchmark.system.files import write_json

SUITE = settings(max_examples=8, suppress_health_check=list(HealthCheck), derandomize=True)
FILES = (
    "runs/self_pinching-0.65-seed0/run.json",
    "runs/self_pinching-0.65-seed0/curves.csv",
    "runs/self_pinching-0.65-seed0/hyp/test-clean.trn",
    "runs/dense/run.json",
    "ref/test-other.trn",
    "tuning/self_pinching-0.65.json",
    "planned.json",
)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with a record of every kind, and its tables."""
    recipes = {name: RECIPES[name] for name in ("dense", "self_pinching")}
    folder = build_study(
        tmp_path_factory.mktemp("faults") / "demo", (0,), utterances=6, troubled=False, recipes=recipes
    )
    trial = {"settings": {"learning_rate": 2e-4}, "dev_wer": 0.2, "reason": None}
    write_json(folder / FILES[5], {"identity": "0" * 64, "trials": [trial], "chosen": trial["settings"]})
    write_json(folder / FILES[6], sorted(path.name for path in (folder / "runs").iterdir()))
    return folder


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("name", FILES)
@SUITE
@given(data=st.data())
def test_a_damaged_file_is_taken_or_refused(results: Path, name: str, data: st.DataObject) -> None:
    with TemporaryDirectory() as scratch:
        folder = Path(shutil.copytree(results, Path(scratch, "demo")))
        path = folder / name
        path.write_bytes(data.draw(damaged_file(path.read_bytes())))
        assert_taken_or_refused(folder, "tables", folder)
        assert_taken_or_refused(folder, "merge", folder / "runs", "--to", Path(scratch, "other", "runs"))
