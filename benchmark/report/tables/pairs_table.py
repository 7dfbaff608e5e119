"""`pairs.csv`: rows compared over all their seeds. The file is read again where references are missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast, get_args

import pandas as pd

from benchmark.report.rows.all_seeds import AllSeeds, Pair
from benchmark.report.rows.kept_tests import kept_lines
from benchmark.report.rows.rows import Row, known
from benchmark.scoring.bootstrap import Unit
from benchmark.scoring.hierarchical import Difference

COLUMNS = (
    *("test_set", "label_a", "target_a", "seeds_a", "label_b", "target_b", "seeds_b"),
    *("wer_a", "low_a", "high_a", "wer_b", "low_b", "high_b"),
    *("delta", "delta_low", "delta_high", "resampled", "p", "p_holm"),
)


def pairs_frame(all_seeds: AllSeeds) -> pd.DataFrame:
    """One line per pair and test set; differences are the first system's WER minus the second's."""
    return pd.DataFrame([_line(pair) for pair in all_seeds.pairs], columns=COLUMNS)


def _line(pair: Pair) -> dict[str, object]:
    difference = pair.difference
    line: dict[str, object] = {"test_set": pair.test_set}
    for x, row, (low, high) in ("a", pair.a, pair.interval_a), ("b", pair.b, pair.interval_b):
        line |= {f"label_{x}": row.label, f"target_{x}": row.target, f"seeds_{x}": _seeds(row)}
        line |= {f"wer_{x}": known(row.wer(pair.test_set)).mean, f"low_{x}": low, f"high_{x}": high}
    line |= {"delta": difference.delta, "delta_low": difference.low, "delta_high": difference.high}
    return line | {"resampled": pair.resampled, "p": difference.p, "p_holm": pair.p_holm}


def _seeds(row: Row) -> str:
    return " ".join(map(str, row.seeds))


def kept_pairs(path: Path, rows: Sequence[Row]) -> list[Pair]:
    """The pairs of an earlier table that still hold: those of rows with the same seeds and the same WER.

    There are none if the file is missing, as it is in studies whose tables were last made before it existed.

    Raises:
        UserError: the file is damaged.
    """
    named = {(row.label, "" if row.target is None else str(row.target)): row for row in rows if row.finished}
    return [pair for line in kept_lines(path) if (pair := _kept(line, named)) is not None]


def _kept(line: Mapping[str, str], named: Mapping[tuple[str, str], Row]) -> Pair | None:
    """The pair of a line; None if its rows have other results now, or the line is damaged."""
    try:
        a, b = (_row(line, x, named) for x in "ab")
        ends_a, ends_b = ((float(line[f"low_{x}"]), float(line[f"high_{x}"])) for x in "ab")
        delta, low, high = (float(line[name]) for name in ("delta", "delta_low", "delta_high"))
        p, p_holm = (float(line[name]) if line[name] else None for name in ("p", "p_holm"))
        if line["resampled"] not in get_args(Unit):
            return None
    except (KeyError, TypeError, ValueError):
        return None
    resampled = cast(Unit, line["resampled"])
    return Pair(line["test_set"], a, b, ends_a, ends_b, Difference(delta, low, high, p), p_holm, resampled)


def _row(line: Mapping[str, str], x: str, named: Mapping[tuple[str, str], Row]) -> Row:
    """One row of a line; raises ValueError if its results are others now, and KeyError if it no longer exists."""
    row = named[line[f"label_{x}"], line[f"target_{x}"]]
    wer = row.wer(line["test_set"])
    if wer is None or (line[f"seeds_{x}"], float(line[f"wer_{x}"])) != (_seeds(row), wer.mean):
        raise ValueError(row.key)
    return row
