"""An evaluation with a section has a table and a figure of its own, and no column in the main table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from synthetic_study import RECIPES, build_study

from benchmark import evaluations
from benchmark.report.study_report import write_report
from benchmark.system.files import read_json, write_json

MADE = '''"""Made for a test."""

from benchmark.evaluations.contract import Column, Evaluation


class Made(Evaluation):
    """Two numbers."""

    section = "Loudness"
    introduction = "How loud it is.\\n\\nAnd how far."
    columns = {
        "near": Column("near (dB)", "Near: the level at one metre"),
        "far": Column("far (dB)", "Far: at ten"),
        "no": Column("no", "No"),
    }
    axes = ("distance (m)", "level (dB)")

    def points(self, metrics):
        return [(1.0, metrics["near"]), (10.0, metrics["far"])]

    def measure(self, run, split):
        raise NotImplementedError
'''


@pytest.fixture
def measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "evaluations").mkdir()
    (tmp_path / "evaluations" / "loudness.py").write_text(MADE)
    monkeypatch.setattr(evaluations, "__path__", [*evaluations.__path__, str(tmp_path / "evaluations")])
    recipes = {name: RECIPES[name] for name in ("dense", "self_pinching")}
    folder = build_study(tmp_path / "demo", utterances=20, troubled=False, recipes=recipes)
    for seed, near in enumerate((10.0, 20.0, 30.0)):
        path = folder / "runs" / f"self_pinching-0.65-seed{seed}" / "run.json"
        metrics = {"loudness": {"test-clean": {"near": near, "far": near - 8, "hidden": 1.0}}}
        write_json(path, read_json(path) | {"metrics": metrics})
    return folder


@pytest.fixture
def study(measured: Path) -> Path:
    write_report(measured / "runs", measured)
    return measured


@pytest.mark.usefixtures("undrawn")
def test_a_number_too_small_for_its_digits_is_not_shown_as_nothing(measured: Path) -> None:
    path = measured / "runs" / "dense" / "run.json"
    metrics = {"loudness": {"test-clean": {"near": 4e-9, "far": 0.0}}}
    write_json(path, read_json(path) | {"metrics": metrics})
    write_report(measured / "runs", measured)
    text = (measured / "README.md").read_text()
    section = text[text.index("## Loudness\n") :]
    assert "<0.01" in section
    assert " 0.00 |" in section


def test_its_numbers_are_in_a_table_of_their_own(study: Path) -> None:
    (line,) = pd.read_csv(study / "loudness.csv").to_dict("records")
    assert line == {
        "test_set": "test-clean", "label": "self_pinching", "title": "Self-pinching gates", "target": 0.65,
        "near": 20.0, "near_sd": 10.0, "far": 12.0, "far_sd": 10.0,
    }  # fmt: skip
    text = (study / "README.md").read_text()
    section = text[text.index("## Loudness\n") :]
    assert "How loud it is.\n\nAnd how far.\n" in section
    assert "- No." not in section  # no row has it
    assert "20.00 ± 10.00" in section
    assert "- Near: the level at one metre." in section
    assert (study / "figures" / "loudness.png").stat().st_size > 10_000
    assert "loudness" not in (study / "main.csv").read_text()
    assert "near (dB)" not in (study / "main.md").read_text()
