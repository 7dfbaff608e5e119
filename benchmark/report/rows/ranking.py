"""Ranks of methods by WER among the rows at the same target, and the order of rows in tables for readers."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from benchmark.report.rows.rows import Row, known


@dataclass(frozen=True)
class Rank:
    """Places from 1; rows with equal WER share the better place.

    Attributes:
        overall: among all methods at the target, or among all without one.
        within: among those of the same division.
    """

    overall: int
    within: int

    def __str__(self) -> str:
        return str(self.overall) if self.overall == self.within else f"{self.overall} ({self.within})"


def ranks(rows: Iterable[Row], test_set: str) -> dict[Row, Rank]:
    """The rank of every method that compresses the model and has a WER on a test set; controls have none."""
    groups: dict[float | None, list[Row]] = defaultdict(list)
    for row in rows:
        if row.finished and row.wer(test_set) and row.shrinks_model and not (row.is_dense or row.is_control):
            groups[row.target].append(row)
    return {row: _rank(row, group, test_set) for group in groups.values() for row in group}


def _rank(row: Row, group: list[Row], test_set: str) -> Rank:
    better = [other for other in group if _wer(other, test_set) < _wer(row, test_set)]
    return Rank(1 + len(better), 1 + sum(other.division == row.division for other in better))


def _wer(row: Row, test_set: str) -> float:
    return known(row.wer(test_set)).mean


def in_reading_order(rows: Iterable[Row], test_sets: list[str]) -> list[Row]:
    """Dense, then rows of own sizes, then target by target; the lowest WER on the first test set comes first."""
    return sorted(rows, key=lambda row: (not row.is_dense, row.target or 0.0, _first_wer(row, test_sets)))


def _first_wer(row: Row, test_sets: list[str]) -> float:
    wer = row.wer(test_sets[0]) if test_sets and row.finished else None
    return wer.mean if wer else math.inf
