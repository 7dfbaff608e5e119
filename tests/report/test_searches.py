"""What the searches tried and chose, as a table."""

from __future__ import annotations

from pathlib import Path

import pytest
from synthetic_study import build_study, reported_study

from benchmark.report.study_report import write_report
from benchmark.report.tables.searches import search_page
from benchmark.runs.records import Trial
from benchmark.system.files import write_json


def trial(wer: float | None, **settings: object) -> Trial:
    return {"settings": settings, "dev_wer": wer, "reason": None if wer else "diverged"}


def cells(page: str, name: str) -> list[str]:
    line = next(line for line in page.splitlines() if line.startswith(f"| `{name}`"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


def test_the_chosen_setting_stands_before_all_trials(tmp_path: Path) -> None:
    trials = [trial(0.5, learning_rate=1e-3, ramp=0.4), trial(0.25, learning_rate=2e-3, ramp=0.4)]
    trials += [trial(None, learning_rate=4e-3, ramp=0.4), trial(0.3, learning_rate=2e-3, ramp=0.66)]
    search = {"identity": "0", "trials": trials, "chosen": trials[1]["settings"]}
    write_json(tmp_path / "gradual_magnitude-0.65.json", search)
    write_json(tmp_path / "dense.json", {"identity": "0", "trials": [], "chosen": {}})
    page = search_page(tmp_path)
    assert cells(page, "gradual_magnitude-0.65") == [
        "learning_rate 0.002, ramp 0.4",
        "25.0",
        "0.001: 50.0; 0.002: 25.0; 0.004: failed; 0.002, ramp 0.66: 30.0",
    ]
    assert "dense" not in page  # it does not train: nothing was tried


def test_where_every_trial_failed_the_defaults_stay(tmp_path: Path) -> None:
    write_json(tmp_path / "movement-0.85.json", {"identity": "0", "trials": [trial(None, kind="hard")], "chosen": {}})
    assert cells(search_page(tmp_path), "movement-0.85")[:2] == ["defaults", "-"]
    assert search_page(tmp_path / "nowhere") == ""


@pytest.mark.usefixtures("undrawn")
def test_the_page_of_a_study_shows_the_searches_that_lie_beside_its_runs(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    study = build_study(tmp_path / "demo", seeds=(0,), troubled=False)
    search = {"identity": "0", "trials": [trial(0.3, learning_rate=1e-3)], "chosen": {"learning_rate": 1e-3}}
    write_json(study / "tuning" / "uniform_magnitude-0.65.json", search)
    write_report(study / "runs", study)
    assert cells((study / "README.md").read_text(), "uniform_magnitude-0.65")[0] == "learning_rate 0.001"
    without = reported_study(tmp_path_factory.getbasetemp())
    assert "## Searches" not in (without / "README.md").read_text()
