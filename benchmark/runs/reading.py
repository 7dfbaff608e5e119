"""How the JSON files that a step leaves are read: nothing of the wrong form, and no record that contradicts itself."""

from __future__ import annotations

from pathlib import Path

from benchmark.runs.consistency import require_consistent
from benchmark.runs.records import SCHEMA, Dense, Name, RunRecord, Transcription, Tuning
from benchmark.study.paths import ResultsFolder, RunFolder
from benchmark.system.errors import UserError
from benchmark.system.files import read_json
from benchmark.system.validated import checked, read_json_as


def read_record(path: Path, *, scored: bool = True) -> RunRecord:
    """Read `run.json`; or `compress.json`, of a run that need not be scored yet.

    Raises:
        UserError: the file is missing, of another schema, incomplete, malformed, or contradicts itself.
    """
    record = read_json(path)
    schema = record.get("schema") if isinstance(record, dict) else None
    if schema != SCHEMA:
        raise UserError(f"{path} has schema {schema}, this version reads {SCHEMA}; repeat the run")
    needed = {"footprint", "matrices"} | ({"scores", "speedup"} if scored else set())
    missing = sorted((needed if record.get("status") == "ok" else set()) - record.keys())
    if missing:
        raise UserError(f"{path} lacks {', '.join(missing)}; repeat the run")
    found: RunRecord = record  # and not what the check returns, in which whole numbers have become floats
    checked(record, RunRecord, str(path))
    require_consistent(found, str(path))
    return found


def read_run(folder: RunFolder) -> RunRecord:
    """Read the record of a scored run's folder, which has the run's name.

    Raises:
        UserError: see `read_record`; or it is the record of another run.
    """
    record = read_record(folder.record)
    if record["run"] != folder.path.name:
        raise UserError(f"{folder} holds the run {record['run']}: rename the folder, or delete it if it is a copy")
    return record


def read_transcription(folder: RunFolder) -> Transcription:
    """Read a run folder's `transcribe.json`."""
    return read_json_as(folder.transcribed, Transcription)


def read_dense(path: Path) -> Dense:
    """Read `dense.json`, of a study's dense stage."""
    return read_json_as(path, Dense)


def read_tuning(path: Path) -> Tuning:
    """Read a search, `tuning/*.json`."""
    return read_json_as(path, Tuning)


def read_planned(results: ResultsFolder) -> list[str]:
    """Names of the runs that a study plans, from `planned.json` in its results folder; none without that file."""
    return read_json_as(results.planned, list[Name]) if results.planned.exists() else []
