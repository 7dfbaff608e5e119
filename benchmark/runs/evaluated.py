"""Adds the results of a study's evaluations to a run's record."""

from __future__ import annotations

import math
from collections.abc import Sequence

from benchmark.evaluations.contract import FinishedRun, load_evaluation
from benchmark.runs.records import RunRecord
from benchmark.scoring.trn import Transcripts, read_trn
from benchmark.study.paths import RunFolder
from benchmark.study.plan import RunPlan, Study


def dense_plan(study: Study) -> RunPlan | None:
    """The run of the dense model, which evaluations compare with; None in a study without one."""
    return next((plan for plan in study.runs if plan.family == "dense"), None)


def transcripts(folder: RunFolder, splits: Sequence[str]) -> dict[str, Transcripts]:
    """A run's transcripts, for each of the splits that has any."""
    files = {split: folder.hypotheses(split) for split in splits}
    return {split: read_trn(path) for split, path in files.items() if path.is_file()}


def add_metrics(record: RunRecord, evaluations: Sequence[str], run: FinishedRun) -> None:
    """Add the evaluations' results on every test set to a record as `metrics`; add a note for one that fails.

    Metrics that the record already has are kept; a record copied from published results has some.
    """
    metrics = {name: dict(found) for name, found in record.get("metrics", {}).items()}
    for name in evaluations:
        for split in record["scores"]:
            if split in metrics.get(name, {}):
                continue
            failed = f"{name} on {split} was not measured: "
            record["notes"] = [note for note in record["notes"] if not note.startswith(failed)]
            try:
                metrics.setdefault(name, {})[split] = _measured(name, run, split)
            except Exception as error:  # the author's code may raise anything
                record["notes"].append(failed + (" ".join(str(error).split()) or type(error).__name__))
    if found := {name: by_split for name, by_split in metrics.items() if by_split}:
        record["metrics"] = found


def _measured(name: str, run: FinishedRun, split: str) -> dict[str, float]:
    values = {metric: float(value) for metric, value in load_evaluation(name).measure(run, split).items()}
    for metric, value in values.items():
        if not math.isfinite(value):
            raise ValueError(f"{metric} is {value}")
    return values
