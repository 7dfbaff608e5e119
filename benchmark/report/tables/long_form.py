"""`runs.csv`: one line per run and test set, with everything in the record."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pandas as pd

from benchmark.runs.collection import Collection
from benchmark.runs.records import RunRecord

IDENTITY = ("study", "run", "identity", "label", "method", "title", "family", "target_sparsity", "seed")


def long_form(collection: Collection) -> pd.DataFrame:
    """One line per run and test set; a run without scores has one line with an empty test set."""
    lines: list[dict[str, object]] = []
    for run in collection.runs:
        columns = _run_columns(run.record)
        lines += [
            columns | {"test_set": name} | dict(score) | _metrics(run.record, name)
            for name, score in run.scores.items()
        ] or [columns | {"test_set": None}]
    frame = pd.DataFrame(lines)
    scores = ["test_set", *(c for c in frame.columns if c in _score_names(collection))]
    front = [*IDENTITY, "status", "reason", *scores]
    return frame[[*front, *(c for c in frame.columns if c not in front)]]


def _score_names(collection: Collection) -> set[str]:
    return {name for run in collection.runs for score in run.scores.values() for name in score}


def _run_columns(record: RunRecord) -> dict[str, object]:
    provenance = record["provenance"]
    return {
        **{name: record[name] for name in IDENTITY},  # type: ignore[literal-required]
        "settings": _json(record["settings"]),
        "status": record["status"],
        "reason": record["reason"],
        **record.get("footprint", {}),
        **{f"budget_{name}": value for name, value in record["budget"].items()},
        "compression_seconds": record["compression_seconds"],
        **{f"{phase}_seconds": seconds for phase, seconds in sorted(record["phases"].items())},
        "notes": _json(record["notes"]),
        "log": _json(record["log"]),
        **({"precision": record["precision"]} if "precision" in record else {}),
        "data_hash": record["data_hash"],
        "dense_hash": record["dense_hash"],
        **{name: provenance[name] for name in ("git_commit", "python", "device", "cpu", "cores", "started")},
        **{f"version_{name}": version for name, version in sorted(provenance["packages"].items())},
    }


def _metrics(record: RunRecord, test_set: str) -> dict[str, float]:
    """The metrics of the evaluations, in columns `<evaluation>_<metric>`."""
    return {
        f"{evaluation}_{metric}": value
        for evaluation, by_set in record.get("metrics", {}).items()
        for metric, value in by_set.get(test_set, {}).items()
    }


def _json(value: Mapping[str, object] | list[str]) -> str:
    return json.dumps(value, sort_keys=True)
