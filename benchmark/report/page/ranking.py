"""What the page's ranking draws: every row's WER and interval on each test set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from benchmark.report.rows.all_seeds import AllSeeds
from benchmark.report.rows.comparisons import Comparisons
from benchmark.report.rows.ranking import Rank, ranks
from benchmark.report.rows.rows import Row, known, target_title
from benchmark.report.rows.standings import compared_targets, standings


def ranking(
    rows: list[Row], comparisons: Comparisons, all_seeds: AllSeeds, anchor: Callable[[Row], str]
) -> dict[str, Any]:
    """The finished rows for the page's script; the dense model is not among them, but the line to compare them with.

    Returns:
        `dense`, its WER by test set; `targets`, as the page's address names them, with their titles; `target`, the one
        with the most rows; and `lines`, one for each row. WERs are in per cent.
    """
    shown = [row for row in rows if row.finished and not row.is_dense]
    counts = Counter(row.target for row in shown)
    places = {name: ranks(rows, name) for name in comparisons.test_sets}
    letters = {
        (standing.row, name): " ".join(standing.letters)
        for name in comparisons.test_sets
        for target in compared_targets(rows)
        for standing in standings(rows, target, name, all_seeds)
    }
    return {
        "dense": {name: _percent(known(comparisons.dense.wer(name)).mean) for name in comparisons.test_sets}
        if comparisons.dense
        else {},
        "targets": {target_key(target): target_title(target) for target in sorted(counts, key=lambda t: t or 0.0)},
        "target": target_key(max(counts, key=lambda target: (counts[target], target or 0.0))) if shown else "",
        "lines": [
            _line(row, comparisons, all_seeds, anchor(row))
            | {
                "rank": {name: _overall(places[name].get(row)) for name in comparisons.test_sets},
                "letters": {name: letters.get((row, name), "") for name in comparisons.test_sets},
            }
            for row in shown
        ],
    }


def target_key(target: float | None) -> str:
    """A target as the page's address names it."""
    return "own" if target is None else f"{target:g}"


def _line(row: Row, comparisons: Comparisons, all_seeds: AllSeeds, section: str) -> dict[str, Any]:
    return {
        "name": row.title,
        "family": row.first["family"],
        "target": target_key(row.target),
        "section": section,
        "wer": {name: _percent(known(row.wer(name)).mean) for name in comparisons.test_sets},
        "interval": {name: _interval(all_seeds.interval(row, name)) for name in comparisons.test_sets},
    }


def _overall(rank: Rank | None) -> int | None:
    return rank.overall if rank else None


def _interval(ends: tuple[float, float] | None) -> list[float] | None:
    return [_percent(end) for end in ends] if ends else None


def _percent(share: float) -> float:
    return round(100 * share, 3)
