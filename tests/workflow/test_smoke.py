"""The whole workflow on the study `smoke`, in a copy of the project that has only two methods, and `*`."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from benchmark.system.files import read_json, write_json
from benchmark.system.project import ROOT

COPIED = ("Snakefile", "benchmark", "captions", "config", "envs", "profiles")
METHODS = ("dense", "self_pinching")
TRAINED = "self_pinching-0.65-seed0"
METHOD = '''"""Made for a test."""

from benchmark.toolbox.contract import Method


class {name}(Method):
    title = "{name}"
    family = "control"
    source = "a test"
    takes_target = False
    seeded = False

    def compress(self, job):
        {body}
'''


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy of the project, with one more method, which fails."""
    copy = tmp_path_factory.mktemp("project")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name)
        else:
            shutil.copy(source, copy)
    mini = ROOT / "data" / "mini"
    shutil.copytree(mini / "model", copy / "data" / "mini" / "model")
    for path in mini.glob("*.parquet"):
        shutil.copy(path, copy / "data" / "mini")
    (copy / "methods").mkdir()
    for method in METHODS:
        shutil.copy(ROOT / "methods" / f"{method}.py", copy / "methods")
    write_method(copy, "fragile", "raise ValueError('it broke')")
    study = yaml.safe_load((copy / "config" / "smoke.yaml").read_text())
    changes = {"methods": {"*": None}, "corpus": study["corpus"] | {"limit": 4}}
    (copy / "config" / "smoke.yaml").write_text(yaml.safe_dump(study | changes))
    return copy


def write_method(project: Path, name: str, body: str) -> None:
    (project / "methods" / f"{name}.py").write_text(METHOD.format(name=name.capitalize(), body=body))


def snakemake(project: Path, *options: str, dry: bool = False, target: str = "all") -> str:
    """Make a target; returns what the call printed."""
    program = [str(Path(sys.executable).parent / "snakemake"), "--configfile", "config/smoke.yaml"]
    done = subprocess.run(
        [*program, *(["-n"] if dry else ["-j4"]), *options, "--", target],
        cwd=project,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def planned(project: Path, *options: str) -> list[str]:
    """The jobs that a call would run, by their messages; publish and tables aside."""
    jobs = re.findall(r"^Job \d+: (.*)$", snakemake(project, *options, dry=True), flags=re.MULTILINE)
    return sorted(job for job in jobs if not job.startswith(("Publish", "Tables")))


def steps(*runs: str) -> list[str]:
    return sorted(f"{step}: {run}" for run in runs for step in ("Compress", "Transcribe", "Score"))


@pytest.fixture(scope="module")
def output(project: Path) -> str:
    """What the first call printed, with what Snakemake says of its planning."""
    return snakemake(project, "--verbose")


def test_every_run_has_a_row(project: Path, output: str) -> None:
    results = project / "results" / "smoke"
    with (results / "main.csv").open() as file:
        status = {row["label"]: row["status"] for row in csv.DictReader(file)}
    assert status == {
        "dense": "ok", "self_pinching": "ok", "fragile": "failed: ValueError: it broke",
    }  # fmt: skip
    for run in (TRAINED, "dense"):
        assert read_json(results / "runs" / run / "run.json")["status"] == "ok"
        assert (results / "runs" / run / "hyp" / "test-clean.trn").is_file()
    assert list((results / "figures").glob("*.png"))
    assert (results / "ref" / "test-other.trn").is_file()


def test_it_says_how_far_it_is_and_ends_with_the_table(output: str) -> None:
    lines = output.splitlines()
    assert any("fragile: failed: ValueError: it broke | " in line for line in lines)
    assert any(": ok, test-clean WER " in line for line in lines)
    assert any(line.endswith(" | 3 of 3 runs done, 1 of them failed") for line in lines)
    assert any(line.startswith("| Self-pinching") for line in lines)
    assert "figures: results/smoke/figures" in lines
    assert any(line.startswith("page:    results/smoke/index.html") for line in lines)


def test_snakemake_plans_only_when_a_job_has_ended(output: str) -> None:
    """Otherwise its planning takes CPU time from the timed jobs."""
    ended = re.findall(r"^(\d+) of \1 steps \(100%\) done$", output, flags=re.MULTILINE)
    assert 0 < output.count("\nReady jobs: ") <= int(ended[-1]) + 1


def test_nothing_temporary_is_left(project: Path, output: str) -> None:
    left = [path for folder in ("work", "results") for path in (project / folder).rglob(".*")]
    assert {path.name for path in left} <= {".snakemake_timestamp"}
    assert not list((project / "work").rglob("checkpoint"))


def test_a_newer_time_and_an_option_that_changes_no_result_run_nothing_again(project: Path, output: str) -> None:
    for path in (
        *project.glob("data/mini/*.parquet"),
        *project.glob("data/mini/model/*"),
        *project.glob("methods/*.py"),
    ):
        path.touch()
    assert planned(project, "--config", "reuse=true", "log=tensorboard") == steps("fragile")


def test_only_what_changed_runs_again(project: Path, output: str) -> None:
    write_method(project, "fragile", "return job.model")
    write_method(project, "newcomer", "return job.model")
    before = {run: (project / "work/smoke/runs" / run / "run.json").stat().st_mtime for run in (TRAINED, "dense")}
    snakemake(project)
    for run, time in before.items():
        assert (project / "work/smoke/runs" / run / "run.json").stat().st_mtime == time
    for run in ("fragile", "newcomer"):
        assert read_json(project / "results/smoke/runs" / run / "run.json")["status"] == "ok"
    assert "Nothing to be done" in snakemake(project, dry=True)


def test_a_run_made_again_with_the_same_result_leaves_the_checkout_clean(project: Path, output: str) -> None:
    def git(*arguments: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments]
        return subprocess.run(command, cwd=project, check=True, capture_output=True, text=True).stdout

    shutil.copy(ROOT / ".gitignore", project)
    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "publish")
    record = project / "work/smoke/runs" / TRAINED / "run.json"
    made = read_json(record)
    write_json(record, made | {"provenance": made["provenance"] | {"started": "2030-01-01T00:00:00+00:00"}})
    again = snakemake(project)
    said = "your 2 error counts equal the published ones: the published records are kept, with their times"
    assert said in again
    assert said in (project / "work/smoke/published").read_text()
    assert git("status", "--short") == ""


def test_a_comment_in_shared_code_runs_a_step_again_which_keeps_its_result(project: Path, output: str) -> None:
    for shared in ("benchmark/toolbox/pinching_gate.py", "methods/self_pinching.py"):
        path = project / shared
        path.write_text(path.read_text() + "# changed\n")
    again = snakemake(project, target=f"work/smoke/runs/{TRAINED}/compress.json")
    assert f"{TRAINED}: already finished, kept" in again


def test_a_changed_budget_runs_everything_again(project: Path, output: str) -> None:
    path = project / "config" / "smoke.yaml"
    study = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(study | {"budget": {"kind": "work", "limit": 260}}))
    assert {*steps("dense", TRAINED)} <= {*planned(project)}
    path.write_text(yaml.safe_dump(study))


def test_the_report_holds_tables_and_figures(project: Path, output: str) -> None:
    (project / "methods" / "newcomer.py").unlink(missing_ok=True)
    snakemake(project, "--report", "report.html")
    page = (project / "report.html").read_text(encoding="utf-8")
    for name in ("index.html", "main.csv", "significance.csv", "runs.csv", "wer_vs_parameters"):
        assert name in page
    for said_of in (
        "Down and to the left is better",
        "A blank cell is a matrix",
        "What the method logs",
        "Click a row or a point",
    ):
        assert said_of in " ".join(page.split()), said_of
