"""A study of a tiny Whisper over long speech, below a folder of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from long_speech import write_long_speech
from made_study import PRUNES, configuration, use_methods
from tiny_whisper import write_tiny_whisper

from benchmark.runs.compression import compress
from benchmark.runs.dense_stage import prepare_dense
from benchmark.runs.error_counts import score_run
from benchmark.runs.records import RunRecord
from benchmark.runs.transcripts import transcribe_run
from benchmark.study.file import parse_study
from benchmark.study.plan import Study


def whisper_study(folder: Path, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> Study:
    """The study, with its dense stage done, of the methods `start` (dense) and `good` (which prunes)."""
    use_methods(monkeypatch, folder / "methods", {"good": PRUNES})
    monkeypatch.setattr("benchmark.system.project.ROOT", folder)
    dense = {"model": str(write_tiny_whisper(folder / "whisper"))}
    config = configuration(dense=dense, methods={"start": None, "good": None}, **changes)
    study = parse_study(config, Path("made.yaml"))
    write_long_speech(study.work / "data")
    prepare_dense(study, study.work)
    return study


def run_through(study: Study, name: str) -> RunRecord:
    """Make all steps of a run but publishing it."""
    plan = study.run(name)
    compress(study, plan, study.work, None)
    transcribe_run(study, plan, study.work)
    return score_run(study, plan, study.work)
