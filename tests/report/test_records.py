"""What is refused as a record of a run, before a table reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from synthetic_study import RECIPES, build_study

from benchmark.errors import UserError
from benchmark.files import read_json, write_json
from benchmark.records import read_record


@pytest.fixture
def finished(tmp_path: Path) -> dict[str, Any]:
    """The record of a run that was compressed and scored."""
    folder = build_study(tmp_path / "study", recipes={"dense": RECIPES["dense"]}, utterances=2)
    record: dict[str, Any] = read_json(folder / "runs" / "dense" / "run.json")
    return record


def written(folder: Path, record: dict[str, Any], *, without: set[str]) -> Path:
    path = folder / "run.json"
    write_json(path, {key: value for key, value in record.items() if key not in without})
    return path


@pytest.mark.parametrize("key", ["scores", "speedup", "footprint", "provenance"])
def test_a_finished_run_is_refused_without_a_part(key: str, finished: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=rf"run\.json lacks {key}; repeat the run"):
        read_record(written(tmp_path, finished, without={key}))


def test_a_run_that_need_not_be_scored_yet_is_read(finished: dict[str, Any], tmp_path: Path) -> None:
    path = written(tmp_path, finished, without={"scores", "speedup"})
    assert read_record(path, scored=False)["run"] == "dense"


def test_a_failed_run_has_neither_sizes_nor_scores(finished: dict[str, Any], tmp_path: Path) -> None:
    failed = finished | {"status": "failed", "reason": "diverged"}
    path = written(tmp_path, failed, without={"scores", "speedup", "footprint"})
    assert read_record(path)["reason"] == "diverged"
