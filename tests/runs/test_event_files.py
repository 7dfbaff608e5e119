"""Curves for TensorBoard: what is read back is what the run recorded."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
import yaml
from made_study import PRUNES, configuration, use_methods

from benchmark.__main__ import main
from benchmark.runs import event_files
from benchmark.runs.event_files import write_events
from benchmark.study.file import load_study
from benchmark.study.paths import RunFolder
from benchmark.study.plan import Study
from benchmark.system.errors import UserError

accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")


def read_back(folder: Path) -> dict[str, dict[int, float]]:
    """Values by scalar and step."""
    events = accumulator.EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()
    return {name: {e.step: e.value for e in events.Scalars(name)} for name in events.Tags()["scalars"]}


@pytest.fixture
def study(tmp_path: Path, made_work: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """A study in a file, with data and dense model, and one method that trains."""
    use_methods(monkeypatch, tmp_path / "methods", {"good": PRUNES})
    monkeypatch.setattr("benchmark.system.project.ROOT", tmp_path)
    path = tmp_path / "made.yaml"
    path.write_text(yaml.safe_dump(configuration(dense={"model": str(tiny_model)}, methods={"*": None})))
    made = load_study(path)
    shutil.copytree(made_work, made.work)
    return made


def test_the_event_files_hold_the_curves(study: Study) -> None:
    assert main(["compress", str(study.path), "good-0.5-seed0", "--log", "tensorboard"]) == 0
    folder = study.work / "runs" / "good-0.5-seed0"
    with (folder / "curves.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert rows
    scalars = read_back(folder / "tensorboard")
    assert set(scalars) == set(rows[0]) - {"step"}
    for name, values in scalars.items():
        assert values == {int(r["step"]): pytest.approx(float(r[name]), rel=1e-6) for r in rows if r[name]}


def test_without_the_option_nothing_is_written_and_what_lay_there_goes(study: Study) -> None:
    folder = study.work / "runs" / "good-0.5-seed0"
    (folder / "tensorboard").mkdir(parents=True)
    assert main(["compress", str(study.path), "good-0.5-seed0"]) == 0
    assert not (folder / "tensorboard").exists()


def test_gaps_stay_gaps_and_a_second_writing_replaces_the_first(tmp_path: Path) -> None:
    (tmp_path / "curves.csv").write_text("step,loss,sparsity,phase\n0,2.5,,1\n3,,0.25,1\n")
    for _ in range(2):
        write_events(RunFolder(tmp_path))
    assert read_back(tmp_path / "tensorboard") == {"loss": {0: 2.5}, "sparsity": {3: 0.25}, "phase": {0: 1, 3: 1}}


def test_a_run_without_curves_leaves_no_folder(tmp_path: Path) -> None:
    (tmp_path / "curves.csv").write_text("\n")
    write_events(RunFolder(tmp_path))
    assert not (tmp_path / "tensorboard").exists()


def test_a_missing_package_is_one_line_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_files, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install -e '\.\[tensorboard\]'"):
        event_files.require_tensorboard()
    assert main(["compress", str(tmp_path / "absent.yaml"), "any", "--log", "tensorboard"]) == 2
