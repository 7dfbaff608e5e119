"""Ranks among the rows of one target, over all and within the divisions, on values that can be checked by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from benchmark.report.rows.ranking import ranks
from benchmark.report.rows.rows import Row
from benchmark.runs.collection import Run
from benchmark.study.paths import RunFolder


def row(label: str, wer: float, target: float | None = 0.5, *, trained: bool = True, family: str = "low-rank") -> Row:
    record: Any = {"run": label, "family": family, "status": "ok", "seed": 0, "scores": {"test": {"wer": wer}}}
    record["phases"] = {"train": 1.0} if trained else {"calibration": 1.0}
    return Row(label, target, (Run(cast(Any, record), RunFolder(Path(label))),))


def test_rows_are_ranked_at_their_target_over_all_and_within_their_division() -> None:
    rows = [
        row("dense", 0.05, None, trained=False, family="dense"),
        row("dense_finetuned", 0.04, None, family="control"),
        row("int8", 0.06, None, trained=False, family="quantised"),
        row("best", 0.1),
        row("second", 0.2, trained=False),
        row("third", 0.3),
        row("like_third", 0.3),
        row("last", 0.4, trained=False),
        row("random", 0.05, family="control"),
        row("boundary_compression", 0.03, None, family="communication"),
        row("best", 0.3, 0.8),
    ]
    found = {(each.label, each.target): str(rank) for each, rank in ranks(rows, "test").items()}
    assert found == {
        ("int8", None): "1",
        ("best", 0.5): "1",
        ("second", 0.5): "2 (1)",
        ("third", 0.5): "3 (2)",
        ("like_third", 0.5): "3 (2)",
        ("last", 0.5): "5 (2)",
        ("best", 0.8): "1",
    }


def test_the_division_is_whether_the_model_was_trained() -> None:
    assert row("a", 0.1).division == "trained"
    assert row("a", 0.1, trained=False).division == "post-training"
    assert row("dense", 0.1, trained=False, family="dense").division is None
    failed = row("a", 0.1)
    failed.runs[0].record["status"] = "failed"
    assert failed.division is None
