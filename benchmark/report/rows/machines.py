"""Where times were measured: two times can be compared only if they are from the same kind of machine."""

from __future__ import annotations

from collections import Counter

from benchmark.report.rows.rows import Row
from benchmark.runs.record_summary import machine

ELSEWHERE = "†"  # marks a time that is not from the study's usual kind of machine


def machines(row: Row) -> list[str]:
    """The kinds of machine that a row's finished runs had, without repetitions and in order."""
    return sorted({machine(run.record) for run in row.finished})


def usual_machine(rows: list[Row]) -> str | None:
    """The kind of machine that most finished runs had; None before the first."""
    counts = Counter(machine(run.record) for row in rows for run in row.finished)
    return max(sorted(counts), key=counts.__getitem__, default=None)


def timed_elsewhere(rows: list[Row]) -> list[Row]:
    """The rows with a time that cannot be compared with most times of the study."""
    usual = usual_machine(rows)
    return [row for row in rows if any(name != usual for name in machines(row))]
