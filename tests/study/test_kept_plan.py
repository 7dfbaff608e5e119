"""The plan of the runs is kept, so that reading it again needs no torch, and is made anew after any change."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from small_study import METHOD, RUN, SmallStudy

import benchmark
from benchmark.study.file import load_study
from benchmark.system.files import read_json

ASK = """
import sys
from pathlib import Path
import benchmark.runs.transcripts  # of a run without a model, which leaves no work for torch
from benchmark.study.file import load_study
from benchmark.system.files import read_json

print([plan.run for plan in load_study(Path("config/small.yaml")).runs], "torch" in sys.modules)
"""


@pytest.fixture
def folder(tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> SmallStudy:
    return SmallStudy.create(tmp_path / "copy", tiny_model, monkeypatch)


def ask(study: SmallStudy) -> tuple[str, bool]:
    """The runs, and whether torch was imported for them."""
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=study.root, env={"PYTHONPATH": "."}, capture_output=True, text=True, check=True
    )
    runs, _, torch = done.stdout.strip().rpartition(" ")
    return runs, torch == "True"


def kept_key(study: SmallStudy) -> str:
    """What the kept plan was made from, after the study has been read."""
    assert load_study(study.config).runs
    return str(read_json(study.work / "plan.json")["key"])


def test_a_second_call_imports_no_torch(folder: SmallStudy) -> None:
    first = ask(folder)
    assert first == (f"['dense', '{RUN}']", True)
    assert ask(folder) == (first[0], False)


def test_any_change_plans_anew(folder: SmallStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark, "__file__", str(folder.root / "benchmark" / "__init__.py"))
    first = kept_key(folder)
    assert kept_key(folder) == first
    folder.config.write_text(folder.config.read_text().replace("seeds: [0]", "seeds: [1]"))
    second = kept_key(folder)
    assert [plan.run for plan in load_study(folder.config).runs] == ["dense", "breaks_off-0.65-seed1"]
    (folder.root / "methods" / "breaks_off.py").write_text(
        METHOD.replace("    title", "    takes_target = False\n    title")
    )
    third = kept_key(folder)
    assert [plan.run for plan in load_study(folder.config).runs] == ["dense", "breaks_off-seed1"]
    path = folder.root / "benchmark" / "toolbox" / "masks.py"
    path.write_text(path.read_text() + "# changed\n")
    assert len({first, second, third, kept_key(folder)}) == 4


def test_a_plan_with_a_method_that_does_not_import_is_not_kept(folder: SmallStudy) -> None:
    path = folder.root / "methods" / "breaks_off.py"
    path.write_text("import nothing_of_this_name\n" + METHOD)
    assert load_study(folder.config).runs
    assert not (folder.work / "plan.json").exists()


def test_a_damaged_plan_is_made_again(folder: SmallStudy) -> None:
    runs = load_study(folder.config).runs
    path = folder.work / "plan.json"
    path.write_text(path.read_text()[:50])
    assert load_study(folder.config).runs == runs
