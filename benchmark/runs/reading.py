"""Reads the JSON files that the steps write; refuses malformed files and records that contradict themselves."""

from __future__ import annotations

from pathlib import Path

from benchmark.runs.consistency import require_consistent
from benchmark.runs.records import SCHEMA, Dense, Name, RunRecord, Transcription, Tuning
from benchmark.study.paths import ResultsFolder, RunFolder
from benchmark.system.errors import UserError
from benchmark.system.files import read_json
from benchmark.system.validated import checked, read_json_as


def read_record(path: Path, *, scored: bool = True) -> RunRecord:
    """Read `run.json`; or `compress.json`, with `scored=False`, of a run that may not be scored yet.

    Raises:
        UserError: the file is missing, incomplete, malformed, of another schema, or contradicts itself.
    """
    record = read_json(path)
    schema = record.get("schema") if isinstance(record, dict) else None
    if schema != SCHEMA:
        raise UserError(f"{path} has schema {schema}, but this version reads {SCHEMA}; repeat the run")
    needed = {"footprint", "matrices"} | ({"scores", "speedup"} if scored else set())
    missing = sorted((needed if record.get("status") == "ok" else set()) - record.keys())
    if missing:
        raise UserError(f"{path} lacks {', '.join(missing)}; repeat the run")
    found: RunRecord = record  # not the check's return value, in which whole numbers have become floats
    checked(record, RunRecord, str(path))
    require_consistent(found, str(path))
    return found


def read_run(folder: RunFolder) -> RunRecord:
    """Read the record in a scored run's folder, whose name is the run's.

    Raises:
        UserError: see `read_record`; or the record belongs to another run.
    """
    record = read_record(folder.record)
    if record["run"] != folder.path.name:
        raise UserError(f"{folder} holds the run {record['run']}: rename the folder, or delete it if it is a copy")
    return record


def read_transcription(folder: RunFolder) -> Transcription:
    """Read a run folder's `transcribe.json`."""
    return read_json_as(folder.transcribed, Transcription)


def read_dense(path: Path) -> Dense:
    """Read `dense.json`, which a study's dense stage writes."""
    return read_json_as(path, Dense)


def read_tuning(path: Path) -> Tuning:
    """Read a search, `tuning/*.json`."""
    return read_json_as(path, Tuning)


def read_planned(results: ResultsFolder) -> list[str]:
    """Read the names of a study's planned runs from `planned.json` in its results; empty without that file."""
    return read_json_as(results.planned, list[Name]) if results.planned.exists() else []
