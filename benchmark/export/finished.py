"""Finds runs with a model, to export it or to use it."""

from __future__ import annotations

from pathlib import Path

from benchmark.runs.reading import read_record
from benchmark.runs.records import RunRecord
from benchmark.study.paths import RunFolder
from benchmark.system.errors import UserError


def finished_run(folder: Path) -> RunRecord:
    """Return the record of a run folder that has a model; it lacks scores until the run is scored.

    Raises:
        UserError: there is no such folder, it holds no run or several, or the run has no model.
    """
    run = RunFolder(folder)
    scored, compressed = run.record, run.compressed
    if not scored.exists() and not compressed.exists():
        raise UserError(
            f"{folder} is not the folder of a finished run (such as work/mini/runs/self_pinching-0.65-seed0): "
            "no run.json in it"
        )
    record = read_record(scored) if scored.exists() else read_record(compressed, scored=False)
    if compressed.exists() and read_record(compressed, scored=False)["identity"] != record["identity"]:
        raise UserError(f"{scored} and {compressed} are records of different runs: run the study again")
    if record["status"] != "ok":
        raise UserError(f"{folder} has no model: the run ended as {record['status']} ({record['reason']})")
    if not run.model.is_dir():
        raise UserError(
            f"{folder} is a published record, which has no weights: "
            f"run study {record['study']} and use work/{record['study']}/runs/{record['run']}"
        )
    return record


def model_of(folder: Path) -> Path:
    """Return the folder of the model: `folder` itself, or `model/` in a run's folder.

    Raises:
        UserError: the folder is that of a run without a model.
    """
    run = RunFolder(folder)
    if not run.record.exists() and not run.compressed.exists():
        return folder
    finished_run(folder)
    return run.model
