"""A report that cannot be made whole changes nothing, and says so in one line whatever the locale."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from snapshot import contents
from synthetic_study import RECIPES, build_study

from benchmark.__main__ import main
from benchmark.system.files import read_json, together, write_json
from benchmark.system.project import ROOT

GATES = "self_pinching-0.65-seed0"


@pytest.fixture
def study(tmp_path: Path) -> Path:
    recipes = {name: RECIPES[name] for name in ("dense", "self_pinching")}
    return build_study(tmp_path / "demo", seeds=(0,), utterances=6, troubled=False, recipes=recipes)


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("curves", ["step,phase,loss\n1,1,high\n", "no,table,of\n1,2,3\n"])
def test_curves_that_are_found_broken_at_the_end_leave_all_tables_as_they_were(
    study: Path, curves: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["tables", str(study)]) == 0
    path = study / "runs" / GATES / "run.json"
    write_json(path, read_json(path) | {"title": "Another title"})
    (study / "runs" / GATES / "curves.csv").write_text(curves)
    before = contents(study)
    assert main(["tables", str(study)]) == 2
    assert contents(study) == before
    assert capfd.readouterr().err.splitlines()[-1].startswith(f"error: {study / 'runs' / GATES / 'curves.csv'} ")


@pytest.mark.usefixtures("undrawn")
def test_what_is_no_table_stays_in_the_folder(study: Path) -> None:
    (study / "report.html").write_text("Snakemake's")
    records = contents(study)
    assert main(["tables", str(study)]) == 0
    assert records.items() <= contents(study).items()


@pytest.mark.usefixtures("undrawn")
def test_a_table_that_the_study_no_longer_has_goes_away(study: Path) -> None:
    (study / "certified.csv").write_text("of an evaluation that was taken out of the study\n")
    assert main(["tables", str(study)]) == 0
    assert not (study / "certified.csv").exists()


def test_what_a_killed_call_left_is_swept_and_a_folder_that_it_had_moved_comes_back(tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "old.png").touch()
    killed = (
        "import os, pathlib; from benchmark.system.files import together\n"
        "pathlib.Path.rename = lambda old, new: (os.rename(old, new), os.kill(os.getpid(), 9))\n"
        f"with together(pathlib.Path({str(tmp_path)!r})) as made:\n    (made / 'figures').mkdir()"
    )
    assert subprocess.run([sys.executable, "-c", killed], cwd=ROOT, check=False).returncode == -9
    assert not (tmp_path / "figures").exists()
    with together(tmp_path) as made:
        (made / "main.csv").touch()
        (made / "figures").mkdir()
    assert sorted(contents(tmp_path)) == ["main.csv"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["figures", "main.csv"]


def test_tables_are_written_and_printed_in_utf_8_whatever_the_locale(study: Path) -> None:
    command = [sys.executable, "-m", "benchmark", "tables", str(study)]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0"}, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    assert "test-clean Δ dense" in done.stdout.decode()
    assert "test-clean Δ dense" in (study / "main.md").read_text(encoding="utf-8")
