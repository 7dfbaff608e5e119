"""Compares rows at the same target over all their seeds at once, by a bootstrap of seeds and utterances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from benchmark.report.rows.rows import Row
from benchmark.runs.collection import Collection
from benchmark.scoring.bootstrap import Unit
from benchmark.scoring.hierarchical import Difference, Draws, draws
from benchmark.scoring.multiple import holm

Interval = tuple[float, float]


@dataclass(frozen=True)
class Pair:
    """Row `a` against row `b` on one test set, each with all its finished seeds.

    Attributes:
        test_set: name of the test set.
        a, b: the rows.
        interval_a, interval_b: 95 % intervals of their WERs.
        difference: WER of `a` minus WER of `b`.
        p_holm: p after Holm's correction over these pairs of the test set; None if no test is possible.
        resampled: the unit of the test set that the bootstrap drew.
    """

    test_set: str
    a: Row
    b: Row
    interval_a: Interval
    interval_b: Interval
    difference: Difference
    p_holm: float | None
    resampled: Unit


class AllSeeds:
    """The WERs of a study's rows, and their differences, each over all finished seeds of a row.

    The intervals cover the choice of the test set, and for rows with several seeds the chance in training too; see
    `scoring/hierarchical.py`.

    Attributes:
        pairs: the pairs of finished rows at the same target, and of dense with all, in the order of the rows.
    """

    def __init__(self, intervals: Mapping[tuple[str, Row], Interval], pairs: Sequence[Pair]) -> None:
        """Take the intervals by test set and row, and the pairs."""
        self.pairs = pairs
        self._intervals = intervals
        self._pairs = {(pair.test_set, pair.a, pair.b): pair for pair in pairs}

    def interval(self, row: Row, test_set: str) -> Interval | None:
        """The 95 % interval of a row's WER; None if the row has no finished run, or the references are missing."""
        return self._intervals.get((test_set, row))

    def difference(self, row: Row, other: Row, test_set: str) -> Difference | None:
        """WER of `row` minus WER of `other`; None as for `interval`."""
        if pair := self._pairs.get((test_set, row, other)):
            return pair.difference
        if pair := self._pairs.get((test_set, other, row)):
            found = pair.difference
            return Difference(-found.delta, -found.high, -found.low, found.p)
        return None


def compare_all_seeds(collection: Collection, rows: Sequence[Row], kept: Iterable[Pair]) -> AllSeeds:
    """Compare the finished rows at each target, and all of them with dense.

    Args:
        collection: the runs, and the references that there are.
        rows: the rows of the runs.
        kept: pairs of an earlier call, which stand in for test sets whose references are missing.
    """
    finished = [row for row in rows if row.finished]
    intervals: dict[tuple[str, Row], Interval] = {}
    pairs = _corrected([pair for pair in kept if pair.test_set not in collection.references])
    for pair in pairs:
        intervals |= {(pair.test_set, pair.a): pair.interval_a, (pair.test_set, pair.b): pair.interval_b}
    for test_set in collection.references:
        found = _draws(collection, test_set, finished)
        own = {row: found.interval(row.key) for row in finished}
        intervals |= {(test_set, row): interval for row, interval in own.items()}
        pairs += _pairs(test_set, found, own)
    return AllSeeds(intervals, pairs)


def _draws(collection: Collection, test_set: str, rows: Sequence[Row]) -> Draws:
    systems = {row.key: [collection.scored(run, test_set).counts for run in row.finished] for row in rows}
    return draws(list(collection.references[test_set]), systems)


def _corrected(kept: list[Pair]) -> list[Pair]:
    """The kept pairs with Holm's correction made again, because pairs with rows that are gone were among them."""
    by_test_set: dict[str, list[Pair]] = {}
    for pair in kept:
        by_test_set.setdefault(pair.test_set, []).append(pair)
    return [
        replace(pair, p_holm=p_holm)
        for of_set in by_test_set.values()
        for pair, p_holm in zip(of_set, holm([pair.difference.p for pair in of_set]), strict=True)
    ]


def _pairs(test_set: str, found: Draws, intervals: Mapping[Row, Interval]) -> list[Pair]:
    both = [(a, b) for a, b in combinations(intervals, 2) if a.target == b.target or a.is_dense or b.is_dense]
    differences = [found.difference(a.key, b.key) for a, b in both]
    adjusted = holm([difference.p for difference in differences])
    return [
        Pair(test_set, a, b, intervals[a], intervals[b], difference, p_holm, found.unit)
        for (a, b), difference, p_holm in zip(both, differences, adjusted, strict=True)
    ]
