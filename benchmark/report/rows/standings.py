"""Who stands where at a target: rows by WER, with intervals, and the groups that do not differ significantly."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from benchmark.report.rows.all_seeds import AllSeeds
from benchmark.report.rows.ranking import Rank, ranks
from benchmark.report.rows.rows import Row, known
from benchmark.scoring.letters import compact_letters
from benchmark.scoring.multiple import holm, significant


@dataclass(frozen=True)
class Standing:
    """A row among those at its target, on one test set.

    Attributes:
        row: the row.
        rank: its place; None for a control.
        wer: mean over the seeds, as a fraction.
        interval: 95 % interval over seeds and test set; None if neither references nor earlier tables tell it.
        seeds: the WER of each seed.
        letters: rows that share a letter do not differ significantly; empty if nothing was tested.
    """

    row: Row
    rank: Rank | None
    wer: float
    interval: tuple[float, float] | None
    seeds: tuple[float, ...]
    letters: list[str]


def compared_targets(rows: Iterable[Row]) -> list[float | None]:
    """The targets at which several finished rows can be ranked, None for own sizes last."""
    counts = Counter(row.target for row in rows if _is_ranked(row))
    found = [target for target, n in counts.items() if n > 1]
    return sorted(found, key=lambda target: math.inf if target is None else target)


def standings(rows: list[Row], target: float | None, test_set: str, all_seeds: AllSeeds) -> list[Standing]:
    """The rows at a target, the lowest WER first, with controls among them."""
    found = ranks(rows, test_set)
    shown = [row for row in rows if row.target == target and _is_ranked(row) and row.wer(test_set)]
    shown.sort(key=lambda row: known(row.wer(test_set)).mean)
    letters = _letters(shown, test_set, all_seeds)
    return [
        Standing(
            row,
            found.get(row),
            known(row.wer(test_set)).mean,
            all_seeds.interval(row, test_set),
            tuple(run.record["scores"][test_set]["wer"] for run in row.finished),
            letters.get(row.key, []),
        )
        for row in shown
    ]


def _is_ranked(row: Row) -> bool:
    return bool(row.finished) and row.shrinks_model and not row.is_dense


def _letters(shown: list[Row], test_set: str, all_seeds: AllSeeds) -> dict[str, list[str]]:
    """The compact letter display of these rows, tested pair by pair with Holm's correction for these pairs."""
    pairs = list(combinations(shown, 2))
    found = [all_seeds.difference(a, b, test_set) for a, b in pairs]
    adjusted = holm([difference.p if difference else None for difference in found])
    apart = {(a.key, b.key) for (a, b), p in zip(pairs, adjusted, strict=True) if significant(p)}
    return compact_letters([row.key for row in shown], lambda a, b: (a, b) in apart) if any(found) else {}
