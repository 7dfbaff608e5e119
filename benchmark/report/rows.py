"""The rows of the tables: one method at one target, all its seeds together."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from benchmark.runs.collection import Collection, Run
from benchmark.runs.records import RunRecord

FAMILIES = ("dense", "unstructured", "structured", "low-rank", "distilled", "quantised", "shared", "control")


@dataclass(frozen=True)
class Spread:
    """A quantity over the seeds."""

    mean: float
    sd: float | None  # sample standard deviation; None with one seed
    low: float
    high: float
    n: int


@dataclass(frozen=True, eq=False)
class Row:
    """All runs of one label at one target."""

    label: str
    target: float | None
    runs: tuple[Run, ...]

    @property
    def first(self) -> RunRecord:
        """The record that names the row."""
        return self.runs[0].record

    @property
    def key(self) -> str:
        """Name for files, such as `self_pinching-0.65`."""
        return self.label if self.target is None else f"{self.label}-{self.target:g}"

    @property
    def title(self) -> str:
        """Name for readers: the method's, or the label of a variant."""
        return self.first["title"]

    @property
    def name(self) -> str:
        """Title and target for readers."""
        return self.title if self.target is None else f"{self.title}, {percent(self.target)}"

    @property
    def is_dense(self) -> bool:
        """Whether this is the uncompressed start."""
        return self.first["family"] == "dense"

    @property
    def is_control(self) -> bool:
        """Whether this row is a control and not a method."""
        return self.first["family"] == "control"

    @property
    def is_two_stage(self) -> bool:
        """Whether its method trains in two stages or more."""
        return self.first.get("stages", 1) > 1

    @cached_property
    def finished(self) -> tuple[Run, ...]:
        """The runs that count."""
        return tuple(run for run in self.runs if run.ok)

    @property
    def seeds(self) -> list[int]:
        """Seeds of the runs that count."""
        return [run.record["seed"] for run in self.finished]

    def run_at(self, seed: int) -> Run | None:
        """The finished run of a seed; a run without randomness stands for every seed."""
        return next((run for run in self.finished if not run.seeded or run.record["seed"] == seed), None)

    def spread(self, quantity: Callable[[RunRecord], float]) -> Spread | None:
        """Mean and spread of a quantity over the finished runs; None without one."""
        values = [float(quantity(run.record)) for run in self.finished]
        if not values:
            return None
        sd = statistics.stdev(values) if len(values) > 1 else None
        return Spread(statistics.fmean(values), sd, min(values), max(values), len(values))

    def wer(self, test_set: str) -> Spread | None:
        """WER over the seeds, 0..1 and above."""
        if not all(test_set in run.scores for run in self.finished):
            return None
        return self.spread(lambda record: record["scores"][test_set]["wer"])

    @property
    def status(self) -> str:
        """`ok`, or what went wrong with which seeds and why."""
        troubled = [run for run in self.runs if not run.ok]
        if not troubled:
            return "ok"
        several = len(self.runs) > 1
        words = []
        for run in troubled:
            record = run.record
            which = f"seed {record['seed']} " if several else ""
            words.append(f"{which}{record['status'].replace('_', ' ')}: {record['reason'] or 'no reason recorded'}")
        return "; ".join(words)


Size = Callable[[Row], Spread | None]


def known(spread: Spread | None) -> Spread:
    """The spread of a row that has finished runs, so that it cannot be None."""
    assert spread is not None
    return spread


def percent(share: float) -> str:
    """A share as a percentage without needless digits: 0.65 -> `65 %`."""
    return f"{100 * share:.3g} %"


def table_rows(collection: Collection) -> list[Row]:
    """Rows in the order of every table: dense, what has no target, then by target, family and label."""
    groups: dict[tuple[str, float | None], list[Run]] = {}
    for run in collection.runs:
        groups.setdefault((run.record["label"], run.record["target_sparsity"]), []).append(run)
    rows = [
        Row(label, target, tuple(sorted(runs, key=lambda run: run.record["seed"])))
        for (label, target), runs in groups.items()
    ]
    return sorted(rows, key=_order)


def _order(row: Row) -> tuple[bool, float, int, str]:
    family = row.first["family"]
    rank = FAMILIES.index(family) if family in FAMILIES else len(FAMILIES)
    return not row.is_dense, row.target or 0.0, rank, row.label


def dense_row(rows: list[Row]) -> Row | None:
    """The finished uncompressed start, if the study has it."""
    return next((row for row in rows if row.is_dense and row.finished), None)


@dataclass(frozen=True)
class Reference:
    """The method that a study compares every other with.

    Attributes:
        label: its label, which names columns of `main.csv`.
        title: its name for readers.
        rows: its finished rows by target.
    """

    label: str
    title: str
    rows: dict[float | None, Row]

    @property
    def column(self) -> str:
        """Header of the columns that compare other rows with it."""
        return f"vs {self.title}"


def reference_of(rows: list[Row], label: str | None) -> Reference | None:
    """The rows of the reference method; None for a study that names none.

    A study that has variants of the method only, under other labels, is compared with the first of them.
    """
    if label is None:
        return None
    own = sorted((row for row in rows if row.first["method"] == label), key=lambda row: row.label != label)
    finished: dict[float | None, Row] = {}
    for row in own:
        if row.finished:
            finished.setdefault(row.target, row)
    return Reference(label, own[0].title if own else label, finished)


def remaining_parameters(row: Row) -> Spread | None:
    """Parameters that are left, over the seeds."""
    return row.spread(lambda record: record["footprint"]["remaining_parameters"])


def bytes_on_disk(row: Row) -> Spread | None:
    """Of the exported weight file, over the seeds."""
    return row.spread(lambda record: record["footprint"]["bytes_on_disk"])


def compression_ratio(row: Row) -> Spread | None:
    """All parameters of the dense model over those that are left."""
    return row.spread(lambda record: record["footprint"]["compression_ratio"])


def encoder_sparsity(row: Row) -> Spread | None:
    """Share of the encoder matrices' weights that is gone."""
    return row.spread(lambda record: record["footprint"]["encoder_sparsity"])


def speedup(row: Row) -> Spread | None:
    """Transcription time of the dense model over that of the row's, taken in turn."""
    return row.spread(lambda record: record["speedup"]["median"])


def compression_seconds(row: Row) -> Spread | None:
    """Wall-clock of the compression, loading, exporting and evaluation excluded."""
    return row.spread(lambda record: record["compression_seconds"])
