"""The circumstances of a study's runs: when, where and with what they ran, and how much evidence they give."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.report.rows.rows import Row
from benchmark.runs.collection import Collection
from benchmark.runs.record_summary import machine
from benchmark.runs.records import Score


@dataclass(frozen=True)
class Circumstances:
    """What differs between the runs of a study, without repetitions and in order.

    Attributes:
        seed_counts: numbers of finished seeds that rows other than dense have.
        test_sets: a score on each test set, for its numbers of words and utterances.
        budgets: kinds and limits.
        days: days on which runs started.
        seeds: seeds of the runs with randomness.
        devices: devices and processors.
        commits: git commits.
        pythons: versions of Python.
        packages: names and versions of packages.
        remarks: what a reader has to know about the audio.
        data_hash: SHA-256 of the corpus.
        dense_hash: SHA-256 of the dense model.
    """

    seed_counts: list[int]
    test_sets: dict[str, Score]
    budgets: list[tuple[str, float]]
    days: list[str]
    seeds: list[int]
    devices: list[str]
    commits: list[str]
    pythons: list[str]
    packages: list[str]
    remarks: list[str]
    data_hash: str
    dense_hash: str


def circumstances(collection: Collection, rows: list[Row]) -> Circumstances:
    """Collect the circumstances from the records."""
    records = [run.record for run in collection.runs]
    finished = next((run.record for run in collection.runs if run.ok), records[0])
    origins = [record["provenance"] for record in records]
    return Circumstances(
        seed_counts=sorted({len(row.finished) for row in rows if row.finished and not row.is_dense}),
        test_sets={name: score for run in collection.runs if run.ok for name, score in run.scores.items()},
        budgets=sorted({(record["budget"]["kind"], record["budget"]["limit"]) for record in records}),
        days=sorted({origin["started"][:10] for origin in origins}),
        seeds=sorted({run.record["seed"] for run in collection.runs if run.seeded}),
        devices=sorted({machine(record) for record in records}),
        commits=sorted({origin["git_commit"] for origin in origins}),
        pythons=sorted({origin["python"] for origin in origins}),
        packages=sorted({f"{name} {version}" for origin in origins for name, version in origin["packages"].items()}),
        remarks=list(dict.fromkeys(text for record in records for text in record.get("corpus_remarks", []))),
        data_hash=finished["data_hash"],
        dense_hash=finished["dense_hash"],
    )
