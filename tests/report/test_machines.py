"""Times from different kinds of machine are marked, and no claim about time compares them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from synthetic_study import RECIPES, build_study

from benchmark.report.figures.scatter import wer_against_time
from benchmark.report.rows.comparisons import compare_rows
from benchmark.report.rows.machines import machines, timed_elsewhere, usual_machine
from benchmark.report.rows.rows import Row, table_rows
from benchmark.report.study_report import write_report
from benchmark.report.tables.reading_table import legend, reading_frame
from benchmark.runs.collection import read_collection
from benchmark.system.files import read_json, write_json

USUAL, OTHER = "cpu; A processor, 2 cores", "cpu; A slower one, 2 cores"
ELSEWHERE = "uniform_magnitude-0.85"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """One of the two seeds of a row ran on another processor."""
    recipes = {name: RECIPES[name] for name in ("dense", "self_pinching", "uniform_magnitude")}
    folder = build_study(tmp_path / "demo", seeds=(0, 1), utterances=12, troubled=False, recipes=recipes)
    path = folder / "runs" / f"{ELSEWHERE}-seed1/run.json"
    record = read_json(path)
    write_json(path, record | {"provenance": record["provenance"] | {"cpu": "A slower one"}})
    return folder


def _rows(study: Path) -> list[Row]:
    return table_rows(read_collection(study / "runs"))


def test_the_usual_machine_is_that_of_most_runs(study: Path) -> None:
    rows = _rows(study)
    assert usual_machine(rows) == USUAL
    assert [row.key for row in timed_elsewhere(rows)] == [ELSEWHERE]
    assert {row.key: machines(row) for row in rows}[ELSEWHERE] == [USUAL, OTHER]


def test_the_tables_mark_times_from_elsewhere(study: Path) -> None:
    rows = _rows(study)
    comparisons = compare_rows(read_collection(study / "runs"), rows)
    cells = dict(zip([row.key for row in rows], reading_frame(rows, comparisons)["", "time (s)"], strict=True))
    assert [key for key, text in cells.items() if text.endswith(" †")] == [ELSEWHERE]
    assert any("†" in line and USUAL in line for line in legend(rows, comparisons))
    write_report(study / "runs", study)
    main, errors = pd.read_csv(study / "main.csv"), pd.read_csv(study / "errors.csv")
    assert set(main.loc[main["machines"] != USUAL, "machines"]) == {f"{USUAL} | {OTHER}"}
    assert set(errors.loc[errors["timed_elsewhere"], "label"]) == {"uniform_magnitude"}
    assert "hollow point was timed" in (study / "README.md").read_text(encoding="utf-8")


def test_without_another_machine_nothing_is_marked(study: Path) -> None:
    record = read_json(study / "runs" / f"{ELSEWHERE}-seed0/run.json")
    path = study / "runs" / f"{ELSEWHERE}-seed1/run.json"
    write_json(path, read_json(path) | {"provenance": record["provenance"]})
    rows = _rows(study)
    comparisons = compare_rows(read_collection(study / "runs"), rows)
    assert not any("†" in text for text in reading_frame(rows, comparisons)["", "time (s)"])
    assert not any("†" in line for line in legend(rows, comparisons))


def test_the_figure_draws_points_from_elsewhere_hollow_and_never_on_the_front(study: Path) -> None:
    rows = _rows(study)
    figure = wer_against_time(rows, compare_rows(read_collection(study / "runs"), rows))
    at_85 = [axes for axes in figure.axes if axes.get_title("left").endswith("85 %")]
    assert at_85
    for axes in at_85:
        markers = [line for line in axes.lines if line.get_marker() not in ("None", "", None)]
        assert sum(line.get_markerfacecolor() == "white" for line in markers) == 1
        assert "Uniform magnitude" not in {text.get_text() for text in axes.texts}
