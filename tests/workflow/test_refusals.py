"""Snakemake refuses impossible requests in one line, and every path reaches the command line unchanged."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from small_study import METHOD, SmallStudy

from benchmark.system.project import ROOT


def snakemake(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One call, which has failed or has made what was requested."""
    return subprocess.run(
        [str(Path(sys.executable).parent / "snakemake"), *arguments],
        cwd=project,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--configfile", "nowhere.yaml"], "error: study nowhere.yaml does not exist; there are: config/"),
        (["--configfile=config"], "error: config cannot be read: Is a directory"),
        (["--configfile", "LATIN"], "LATIN is not valid YAML: it is not text in UTF-8"),
        (["nosuch"], 'error: no rule makes "nosuch": available: all, prepare, dense, publish, tables'),
        (["work/mini/runs/dens/run.json"], 'error: no rule makes "work/mini/runs/dens/run.json"'),
    ],
)
def test_one_line_for_what_is_not_there(arguments: list[str], message: str, tmp_path: Path) -> None:
    latin = tmp_path / "latin.yaml"
    latin.write_text("name: größe\n", encoding="latin-1")
    done = snakemake(ROOT, "-n", *(word.replace("LATIN", str(latin)) for word in arguments))
    assert done.returncode != 0
    assert done.stdout.splitlines()[-1].startswith(message.replace("LATIN", f"error: {latin}"))
    assert "Traceback" not in done.stdout
    assert "Exception" not in done.stdout


@pytest.fixture
def project(small_study: SmallStudy) -> SmallStudy:
    small_study.become_project("breaks_off", METHOD)
    return small_study


def test_a_misspelt_model_stops_before_the_first_job(project: SmallStudy) -> None:
    text = project.config.read_text()
    project.config.write_text(re.sub("model: .*}", "model: data/modle}", text))
    done = snakemake(project.root, "all", "-j1", "--configfile", "config/small.yaml")
    assert done.returncode != 0
    assert done.stdout.splitlines()[-1] == "error: model: model folder data/modle does not exist"
    assert not (project.work / "logs").exists()


def test_the_path_of_a_study_is_one_word_to_the_shell(project: SmallStudy) -> None:
    path = "config/my $(touch pwned) study's.yaml"
    (project.root / path).write_text(project.config.read_text())
    done = snakemake(project.root, "all", "-n", "-p", "-F", "--configfile", path)
    calls = map(shlex.split, re.findall("python -m benchmark (.*)", done.stdout))
    commands = {command: argument for command, argument, *_ in calls}
    steps = ("prepare", "dense", "compress", "transcribe-tests", "score", "publish", "tables")
    assert commands == dict.fromkeys(steps, path)
    done = snakemake(project.root, "work/small/dense/dense.json", "-j1", "--configfile", path)  # nothing to be done
    assert done.returncode == 0, done.stdout
    assert not (project.root / "pwned").exists()
