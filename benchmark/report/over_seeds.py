"""Rows over all their seeds at once, on one test set: intervals, tests, and the utterances that got no worse."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from statistics import fmean

from benchmark.report.rows import Row
from benchmark.runs.collection import Collection
from benchmark.scoring.hierarchical import Difference, Draws, draws
from benchmark.scoring.wer import WordErrors, utterance_errors

Counts = list[WordErrors]  # of each utterance, in the order of the references


@dataclass(frozen=True)
class OverSeeds:
    """The finished rows of a study on a test set.

    Attributes:
        test_set: its name.
        utterances: their ids.
        counts: the errors of each row, by its key and seed. Empty if the test set's references are not published: it
            cannot be recounted then, and rows have neither intervals nor tests.
    """

    test_set: str
    utterances: list[str]
    counts: dict[str, list[Counts]]

    @cached_property
    def draws(self) -> Draws:
        """The rows with their seeds, and the test set's speakers or utterances, drawn anew."""
        return draws(self.utterances, self.counts)

    def interval(self, row: Row) -> tuple[float, float] | None:
        """The 95 % interval of a row's WER, as fractions."""
        return self.draws.interval(row.key) if row.key in self.counts else None

    def difference(self, row: Row, other: Row) -> Difference | None:
        """`row` minus `other`, averaged over the seeds of each."""
        known = row.key in self.counts and other.key in self.counts
        return self.draws.difference(row.key, other.key) if known else None

    def no_regression(self, row: Row, dense: Row) -> float | None:
        """The share of utterances on which a row makes no more errors than dense, averaged over its seeds."""
        if row.key not in self.counts or dense.key not in self.counts:
            return None
        (before,) = self.counts[dense.key]
        return fmean(
            own.errors <= was.errors for seed in self.counts[row.key] for own, was in zip(seed, before, strict=True)
        )


def over_seeds(collection: Collection, rows: list[Row]) -> list[OverSeeds]:
    """One for each test set of the study."""
    return [
        OverSeeds(test_set, list(collection.references.get(test_set, {})), _counts(collection, rows, test_set))
        for test_set in collection.test_sets
    ]


def _counts(collection: Collection, rows: list[Row], test_set: str) -> dict[str, list[Counts]]:
    references = collection.references.get(test_set)
    if references is None:
        return {}
    return {
        row.key: [utterance_errors(references, run.hypotheses(test_set), row.name) for run in row.finished]
        for row in rows
        if row.finished
    }
