"""A small study's configuration, and methods made for a test, in a folder of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmark.study.file import parse_study
from benchmark.study.plan import Study

METHOD = '''"""Made for a test."""

from dataclasses import dataclass

from benchmark.toolbox.contract import Method
from benchmark.system.errors import CannotReachTarget
from benchmark.toolbox.masks import magnitude_masks


class Made(Method):
    title = "Made"
    family = "control"
    source = "a test"
    takes_target = {takes_target}
    seeded = {seeded}

    @dataclass(frozen=True)
    class Settings:
        learning_rate: float = 1e-4
        fine_tune: bool = True

    def compress(self, job):
        {body}
'''
PRUNES = (
    "job.train(job.model, masks=magnitude_masks(job.encoder, keep=job.target.keep), learning_rate=1e-4); "
    "return job.model"
)  # the body of a method that keeps the contract


def configuration(**changes: Any) -> dict[str, Any]:
    """A valid study, with some of its keys replaced."""
    return {
        "name": "made",
        "corpus": {"name": "mini", "root": "data/mini", "train": "train", "dev": "dev", "tests": ["test"]},
        "dense": {"model": "data/mini/model"},
        "budget": {"kind": "work", "limit": 100},
        "targets": [0.5],
        "seeds": [0],
        "methods": {"start": None},
    } | changes


def study(**changes: Any) -> Study:
    """The study that this configuration defines."""
    made = parse_study(configuration(**changes), Path("config/made.yaml"))
    assert made.runs
    return made


def use_methods(
    monkeypatch: pytest.MonkeyPatch, folder: Path, methods: dict[str, str], *, takes_target: bool = True
) -> None:
    """Let `methods/` be `folder` with these methods, each given by the body of its `compress`; `start` is dense."""
    folder.mkdir(exist_ok=True)
    for name, body in methods.items():
        text = METHOD.format(body=body, takes_target=takes_target, seeded=takes_target)
        (folder / f"{name}.py").write_text(text)
    start = METHOD.format(body="return job.model", takes_target=False, seeded=False)
    (folder / "start.py").write_text(start.replace('family = "control"', 'family = "dense"'))
    monkeypatch.setattr("benchmark.study.registry.METHODS", folder)
