"""Snakemake stopped in the middle of a job: what the job had finished is kept, and what it had begun continues."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from small_study import SmallStudy

from benchmark.system.at_work import doing
from benchmark.system.files import read_json

PATIENCE = 300  # seconds
RUN = "lingers-0.65-seed0"
METHOD = '''
import os
import time
from dataclasses import dataclass
from pathlib import Path

from benchmark.toolbox.contract import Method
from benchmark.toolbox.masks import magnitude_masks


class Lingers(Method):
    """Uniform magnitude that leaves a mark for each start with its step, and takes its time until it is released."""

    title, family, source = "Lingers", "unstructured", "a test"

    @dataclass(frozen=True)
    class Settings:
        learning_rate: float = 1e-3

    started = False

    def compress(self, job):
        marks = Path(os.environ["MARKS"])

        def after_step(state):
            if not self.started:
                (marks / f"start-{state.step}-{os.getpid()}").touch()
                self.started = True
            if state.step >= 3 and not (marks / "released").exists():
                (marks / "in the middle").touch()
                time.sleep(0.5)

        masks = magnitude_masks(job.encoder, keep=job.target.keep)
        job.train(job.model, learning_rate=1e-3, masks=masks, after_step=after_step)
        return job.model
'''


class Project:
    """A study of one run as a project of its own, its calls of Snakemake, and what its method leaves."""

    def __init__(self, study: SmallStudy, marks: Path) -> None:
        study.become_project("lingers", METHOD)
        study.config.write_text(study.config.read_text().replace("seeds: [0, 1]", "seeds: [0]"))
        self.study, self.marks = study, marks
        marks.mkdir()
        self.calls: list[subprocess.Popen[str]] = []

    def snakemake(self, target: str, *options: str) -> subprocess.Popen[str]:
        program = [str(Path(sys.executable).parent / "snakemake"), "--configfile", "config/small.yaml", "-j2"]
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        call = subprocess.Popen(
            [*program, *options, "--", target],
            cwd=self.study.root,
            env=environment | {"MARKS": str(self.marks), "CUDA_VISIBLE_DEVICES": ""},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.calls.append(call)
        return call

    def release(self) -> None:
        (self.marks / "released").touch()

    @property
    def starts(self) -> list[int]:
        """The step at which each attempt began or continued."""
        return sorted(int(path.name.split("-")[1]) for path in self.marks.glob("start-*"))

    @property
    def job(self) -> str | None:
        """What the run's job writes about itself while it runs."""
        return doing(self.study.run(RUN) / "lock")


@pytest.fixture
def project(small_study: SmallStudy, tmp_path: Path) -> Iterator[Project]:
    project = Project(small_study, tmp_path / "marks")
    yield project
    for call in project.calls:
        try:
            os.killpg(call.pid, signal.SIGKILL)  # a group of its own, with the jobs that it has left
        except ProcessLookupError:
            continue


def wait(until: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < end
        time.sleep(0.1)


def finish(call: subprocess.Popen[str]) -> str:
    output, _ = call.communicate(timeout=PATIENCE)
    assert call.returncode == 0, output
    return output


def test_what_a_job_finishes_after_snakemake_was_killed_is_kept(project: Project) -> None:
    target = f"work/small/runs/{RUN}/compress.json"
    killed = project.snakemake(target)
    wait((project.marks / "in the middle").exists)
    killed.kill()
    killed.wait()
    assert project.job
    project.release()
    wait(lambda: project.job is None)
    compressed = project.study.result(RUN)
    inode = (project.study.run(RUN) / "model" / "config.json").stat().st_ino
    assert f"{RUN}: already finished, kept" in finish(project.snakemake(target))
    assert project.starts == [0]
    assert project.study.result(RUN) == compressed
    assert (project.study.run(RUN) / "model" / "config.json").stat().st_ino == inode
    assert read_json(project.study.run(RUN) / "compress.json")["status"] == "ok"


def test_sigterm_ends_the_job_with_its_checkpoint(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    target = f"work/small/runs/{RUN}/compress.json"
    stopped = project.snakemake(target)
    wait((project.marks / "in the middle").exists)
    wait(lambda: re.fullmatch(r"compress, train phase 1, \d+ %", project.job or ""))
    assert project.study.call("status") == 0
    assert re.search(rf"^{RUN}: running: compress, train phase 1, \d+ %$", capsys.readouterr().out, re.MULTILINE)
    stopped.terminate()
    output, _ = stopped.communicate(timeout=PATIENCE)
    assert stopped.returncode != 0
    assert project.job is None, output
    assert list(project.study.run(RUN).glob("checkpoint/*/phase0.pt"))
    assert not (project.study.run(RUN) / "compress.json").exists()
    project.release()
    finish(project.snakemake(target))
    first, second = project.starts
    assert first == 0 < second
