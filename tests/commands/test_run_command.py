"""`pinchbench run` is Snakemake with the study's file; `pinchbench new-study` writes a study that runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from small_study import copy_code

from benchmark.__main__ import main
from benchmark.study.file import load_study

# Stands in for Snakemake: says how it was called, waits for a signal if asked to, and ends with a status of its own.
SNAKEMAKE = """
import json, os, signal, sys
print(json.dumps({"arguments": sys.argv[1:], "folder": os.getcwd(), "process": os.getpid()}), flush=True)
if "wait" in sys.argv:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: sys.exit(100 + number))
    print("ready", flush=True)
    signal.pause()
sys.exit(7)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project with the stand-in, and a study of its own."""
    copy_code(tmp_path)
    (tmp_path / "Snakefile").touch()
    (tmp_path / "snakemake.py").write_text(SNAKEMAKE)
    monkeypatch.setattr("benchmark.system.project.ROOT", tmp_path)
    assert main(["new-study", "my-study"]) == 0
    text = (tmp_path / "config/my-study.yaml").read_text().replace("settings_from: mini-full\n", "")
    (tmp_path / "config/my-study.yaml").write_text(text)
    return tmp_path


def start(project: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "benchmark", "run", *arguments],
        cwd=project / "methods",
        env=os.environ | {"PYTHONPATH": str(project)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("rest", [["-n", "--config", "reuse=true"], ["--", "-n", "--config", "reuse=true"], []])
def test_snakemake_gets_the_study_and_the_rest_and_gives_its_status(project: Path, rest: list[str]) -> None:
    process = start(project, "my-study", *rest)
    out, err = process.communicate()
    assert (process.returncode, err) == (7, "")
    called = json.loads(out)
    own = ["--configfile", "config/my-study.yaml", "--cores", "all"]
    assert called["arguments"] == own + [part for part in rest if part != "--"]
    assert Path(called["folder"]).samefile(project)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_reach_snakemake(project: Path, number: signal.Signals) -> None:
    process = start(project, "my-study", "wait")
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["process"] == process.pid
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    process.communicate()
    assert process.returncode == 100 + number


@pytest.mark.parametrize(
    ("name", "message"),
    [("my-stduy", 'did you mean "my-study"'), ("config/absent.yaml", "does not exist"), ("broken", "broken.yaml")],
)
def test_a_study_that_cannot_run_is_one_line(project: Path, name: str, message: str) -> None:
    (project / "config/broken.yaml").write_text("name: broken\n")
    process = start(project, name)
    out, err = process.communicate()
    assert (process.returncode, out, err.count("\n")) == (2, "", 1)
    assert message in err


def test_without_the_project_it_says_what_is_missing(project: Path) -> None:
    (project / "Snakefile").unlink()
    process = start(project, "my-study")
    assert "has no Snakefile" in process.communicate()[1]
    assert process.returncode == 2


def test_a_new_study_is_valid_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("benchmark.system.project.ROOT", tmp_path)
    (tmp_path / "results/published").mkdir(parents=True)
    (tmp_path / "results/mini-full/tuning").mkdir(parents=True)
    assert main(["new-study", "my-study"]) == 0
    made = load_study(tmp_path / "config/my-study.yaml")
    assert made.name == "my-study"
    assert [plan.run for plan in made.runs] == ["dense", "self_pinching-0.65-seed0", "uniform_magnitude-0.65-seed0"]
    for name in ("my-study", "published", "../x", "My_Study", "a b", "-n", "x" * 65):
        capsys.readouterr()
        assert main(["new-study", name]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert [path.name for path in tmp_path.rglob("*.yaml")] == ["my-study.yaml"]
