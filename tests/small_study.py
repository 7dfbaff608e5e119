"""A study that takes seconds, in its own folder: a copy of the code, a tiny model, and a method that breaks off."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmark.__main__ import main
from benchmark.study import registry
from benchmark.system.files import read_json, write_json

REPOSITORY = Path(__file__).parents[1]
RUN = "breaks_off-0.65-seed0"
RUNS = ("dense", RUN)
METHOD = '''
import os

from benchmark.toolbox.contract import Method
from benchmark.toolbox.masks import magnitude_masks


class BreaksOff(Method):
    """Uniform magnitude in two phases that sends itself SIGNAL in the middle of the second."""

    title, family, source = "Breaks off", "control", "a test"

    def compress(self, job):
        def after_step(state):
            if state.step == 9 and "SIGNAL" in os.environ:
                os.kill(os.getpid(), int(os.environ["SIGNAL"]))

        job.train(job.model, learning_rate=1e-3, share=0.3)
        job.train(
            job.model,
            learning_rate=1e-3,
            masks=magnitude_masks(job.encoder, keep=job.target.keep),
            after_step=after_step,
            checkpoint_seconds=float(os.environ.get("CHECKPOINT_SECONDS", 60)),
        )
        return job.model
'''
CONFIG = """
name: small
corpus: {{name: mini, train: train, dev: dev, tests: [test]}}
dense: {{model: {model}}}
budget: {{kind: work, limit: 400}}
training: {{batch_seconds: 4, dropout: 0.1, precision: fp32}}
targets: [0.65]
seeds: [0]
methods: {{dense: , breaks_off: }}
"""


def copy_code(root: Path) -> None:
    """What `python -m benchmark` needs, to be run in a folder of its own."""
    for name in ("benchmark", "methods"):
        shutil.copytree(REPOSITORY / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "config").mkdir(parents=True)


def change_record(run: Path, **changes: Any) -> None:
    """Give the record in a run's folder other values."""
    write_json(run / "run.json", read_json(run / "run.json") | changes)


class SmallStudy:
    """The copy, its commands, and what they leave."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root, self.config = root, root / "config" / "small.yaml"
        monkeypatch.setattr("benchmark.system.project.ROOT", root)
        monkeypatch.setattr(registry, "METHODS", root / "methods")

    @classmethod
    def create(cls, root: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> SmallStudy:
        """A new one, of a dense model; its corpus has still to be written."""
        copy_code(root)
        study = cls(root, monkeypatch)
        (root / "methods" / "breaks_off.py").write_text(METHOD)
        study.config.write_text(CONFIG.format(model=model))
        (study.work / "data").mkdir(parents=True)
        return study

    @classmethod
    def copy(cls, other: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> SmallStudy:
        """A copy of another one, with all that it has made so far."""
        shutil.copytree(other, root)
        return cls(root, monkeypatch)

    def become_project(self, method: str, source: str) -> None:
        """Add what Snakemake needs, and plan another method, given by its source, with two seeds."""
        for name in ("profiles", "captions", "envs"):
            shutil.copytree(REPOSITORY / name, self.root / name)
        shutil.copy(REPOSITORY / "Snakefile", self.root)
        (self.root / "methods" / f"{method}.py").write_text(source)
        text = self.config.read_text().replace("breaks_off", method).replace("seeds: [0]", "seeds: [0, 1]")
        self.config.write_text(text)

    @property
    def work(self) -> Path:
        return self.root / "work" / "small"

    @property
    def results(self) -> Path:
        """What is published."""
        return self.root / "results" / "small"

    def run(self, name: str = RUN) -> Path:
        """A run's folder."""
        return self.work / "runs" / name

    def call(self, command: str, *arguments: str) -> int:
        """`python -m benchmark COMMAND CONFIG ...` in this process; its exit status."""
        return main([command, str(self.config), *arguments])

    def make_runs(self) -> None:
        """All steps of both runs except publishing them together."""
        for run in RUNS:
            for command in ("compress", "transcribe-tests", "score"):
                assert self.call(command, run) == 0

    def process(self, command: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """The same in a process of its own, which may be killed."""
        return subprocess.run(
            [sys.executable, "-m", "benchmark", command, str(self.config), *arguments],
            cwd=self.root,
            env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def result(self, run: str = RUN) -> dict[str, bytes]:
        """What a finished run has made, byte for byte."""
        names = ("model/model.packed.safetensors", "model/config.json", "curves.csv")
        return {name: (self.run(run) / name).read_bytes() for name in names}

    def leftovers(self) -> list[str]:
        """Half-written files."""
        return [path.name for path in self.root.rglob("*") if path.name.endswith((".partial", ".old"))]
