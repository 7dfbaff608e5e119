"""Runs that have a model, to export or to use."""

from __future__ import annotations

from pathlib import Path

from benchmark.runs.reading import read_record
from benchmark.runs.records import RunRecord
from benchmark.study.paths import RunFolder
from benchmark.system.errors import UserError


def finished_run(folder: Path) -> RunRecord:
    """The record of a run folder with a model in it; without scores while the run is not scored.

    Raises:
        UserError: there is no such folder, it holds no run or two of them, or the run has no model.
    """
    run = RunFolder(folder)
    scored, compressed = run.record, run.compressed
    if not scored.exists() and not compressed.exists():
        raise UserError(f"{folder} is no folder of a finished run, such as work/mini/runs/int8: it has no run.json")
    record = read_record(scored) if scored.exists() else read_record(compressed, scored=False)
    if compressed.exists() and read_record(compressed, scored=False)["identity"] != record["identity"]:
        raise UserError(f"{scored} and {compressed} are records of different runs: run the study again")
    if record["status"] != "ok":
        raise UserError(f"{folder} has no model: the run ended as {record['status']} ({record['reason']})")
    if not run.model.is_dir():
        raise UserError(
            f"{folder} is a record without weights, as they are published: "
            f"run study {record['study']} and take work/{record['study']}/runs/{record['run']}"
        )
    return record


def model_of(folder: Path) -> Path:
    """Where the model is: in the folder itself, or in `model/` of a run's folder.

    Raises:
        UserError: it is the folder of a run without a model.
    """
    run = RunFolder(folder)
    if not run.record.exists() and not run.compressed.exists():
        return folder
    finished_run(folder)
    return run.model
