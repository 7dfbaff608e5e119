"""The rows of the tables: one method at one target, all its seeds together."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from benchmark.runs.collection import Collection, Run
from benchmark.runs.records import RunRecord

FAMILIES = (
    "dense",
    "unstructured",
    "structured",
    "low-rank",
    "distilled",
    "quantised",
    "shared",
    "communication",
    "control",
)


@dataclass(frozen=True)
class Spread:
    """Mean and spread of a quantity over the seeds."""

    mean: float
    sd: float | None  # sample standard deviation; None for a single seed
    low: float
    high: float
    n: int


@dataclass(frozen=True, eq=False)
class Row:
    """All runs of one label at one target.

    Attributes:
        label: the study's name for a method with its settings.
        target: the target; None for a method with a size of its own.
        runs: the runs of all seeds.
        own_title: the study's name for readers, if it gives one.
    """

    label: str
    target: float | None
    runs: tuple[Run, ...]
    own_title: str | None = None

    @property
    def first(self) -> RunRecord:
        """The record that names the row."""
        return self.runs[0].record

    @property
    def key(self) -> str:
        """Name for files, e.g. `self_pinching-0.65`."""
        return self.label if self.target is None else f"{self.label}-{self.target:g}"

    @property
    def title(self) -> str:
        """Name for readers: the study's, or the method's title with the rest of the label."""
        return self.own_title or self.first["title"]

    @property
    def name(self) -> str:
        """Title and target for readers."""
        return self.title if self.target is None else f"{self.title}, {percent(self.target)}"

    @property
    def is_dense(self) -> bool:
        """Whether this is the dense model."""
        return self.first["family"] == "dense"

    @property
    def is_control(self) -> bool:
        """Whether this row is a control rather than a method."""
        return self.first["family"] == "control"

    @property
    def shrinks_model(self) -> bool:
        """Whether its method compresses the model, not what training sends between devices."""
        return self.first["family"] != "communication"

    @property
    def division(self) -> str | None:
        """`trained` or `post-training`; None for the dense model, and as long as no run has finished."""
        if self.is_dense or not self.finished:
            return None
        return "trained" if any("train" in run.record["phases"] for run in self.finished) else "post-training"

    @property
    def is_two_stage(self) -> bool:
        """Whether its method trains in two stages or more."""
        return self.first.get("stages", 1) > 1

    @cached_property
    def finished(self) -> tuple[Run, ...]:
        """The finished runs, which alone count."""
        return tuple(run for run in self.runs if run.ok)

    @property
    def seeds(self) -> list[int]:
        """Seeds of the finished runs."""
        return [run.record["seed"] for run in self.finished]

    def run_at(self, seed: int) -> Run | None:
        """The finished run of a seed; a run without randomness stands for every seed."""
        return next((run for run in self.finished if not run.seeded or run.record["seed"] == seed), None)

    def spread(self, quantity: Callable[[RunRecord], float]) -> Spread | None:
        """Mean and spread of a quantity over the finished runs; None if there are none."""
        values = [float(quantity(run.record)) for run in self.finished]
        if not values:
            return None
        sd = statistics.stdev(values) if len(values) > 1 else None
        return Spread(statistics.fmean(values), sd, min(values), max(values), len(values))

    def wer(self, test_set: str) -> Spread | None:
        """WER over the seeds, as a fraction that can exceed 1."""
        if not all(test_set in run.scores for run in self.finished):
            return None
        return self.spread(lambda record: record["scores"][test_set]["wer"])

    @property
    def status(self) -> str:
        """`ok`, or which seeds failed and why."""
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


def known(spread: Spread | None) -> Spread:
    """Return the spread of a row with finished runs, which cannot be None."""
    assert spread is not None
    return spread


def percent(share: float) -> str:
    """Format a share as a percentage without needless digits: 0.65 -> `65 %`."""
    return f"{100 * share:.3g} %"


def target_title(target: float | None) -> str:
    """A target in words."""
    return "own sizes" if target is None else percent(target)


def target_heading(target: float | None) -> str:
    """A target as a heading."""
    return target_title(target) + ("" if target is None else " removed")


def table_rows(collection: Collection) -> list[Row]:
    """Rows in the order of every table: dense, rows without a target, then by target, family and label."""
    groups: dict[tuple[str, float | None], list[Run]] = {}
    for run in collection.runs:
        groups.setdefault((run.record["label"], run.record["target_sparsity"]), []).append(run)
    rows = [
        Row(label, target, tuple(sorted(runs, key=lambda run: run.record["seed"])), collection.titles.get(label))
        for (label, target), runs in groups.items()
    ]
    return sorted(rows, key=_order)


def _order(row: Row) -> tuple[bool, float, int, str]:
    return not row.is_dense, row.target or 0.0, FAMILIES.index(row.first["family"]), row.label


def dense_row(rows: list[Row]) -> Row | None:
    """The finished row of the dense model, if the study has one."""
    return next((row for row in rows if row.is_dense and row.finished), None)


@dataclass(frozen=True)
class Reference:
    """The method that a study compares all others with.

    Attributes:
        label: its label, which is part of column names in `main.csv`.
        title: its name for readers.
        rows: its finished rows by target.
    """

    label: str
    title: str
    rows: dict[float | None, Row]

    @property
    def column(self) -> str:
        """Header of the columns that compare other rows with this method."""
        return f"vs {self.title}"


def reference_of(rows: list[Row], label: str | None) -> Reference | None:
    """Return the rows of the reference, named by its label or its method; None for a study that names none.

    If a study has only variants of the method, under other labels, the first of them is the reference.
    """
    if label is None:
        return None
    own = sorted((row for row in rows if label in (row.label, row.first["method"])), key=lambda row: row.label != label)
    finished: dict[float | None, Row] = {}
    for row in own:
        if row.finished:
            finished.setdefault(row.target, row)
    return Reference(label, own[0].title if own else label, finished)
