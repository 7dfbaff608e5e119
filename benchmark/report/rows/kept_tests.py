"""Reads tests from an earlier `significance.csv`, for a report on test sets whose references are missing."""

from __future__ import annotations

import csv
import math
from itertools import combinations
from pathlib import Path
from typing import Any, cast, get_args

from benchmark.report.prose.reference_sources import how_to_write_them
from benchmark.report.rows.rows import Row
from benchmark.runs.collection import Run
from benchmark.scoring.bootstrap import Unit
from benchmark.scoring.mapsswe import MatchedPairs
from benchmark.scoring.significance import Comparison, corrected
from benchmark.scoring.wer import WordErrors
from benchmark.system.errors import UserError

Line = dict[str, str]
COUNTS = ("utterances", "words", "substitutions", "deletions", "insertions")


class KeptTests:
    """Comparisons by test set and the names of two runs."""

    def __init__(self, path: Path, study: str, rows: list[Row]) -> None:
        """Read `path`, the file next to the runs of `rows`; it may be missing."""
        self.path, self.study = path, study
        self._lines: dict[tuple[str, str, str], Line] = {}
        named = {(row.label, row.target): row for row in rows}
        for line in kept_lines(path):
            try:
                pair = [named[line[f"label_{x}"], _target(line[f"target_{x}"])].run_at(int(line["seed"])) for x in "ab"]
            except (KeyError, TypeError, ValueError):
                continue  # the line's row no longer exists
            if pair[0] is not None and pair[1] is not None:
                self._lines[line["test_set"], pair[0].record["run"], pair[1].record["run"]] = line

    def compare_all(self, systems: dict[str, Run], test_set: str) -> list[Comparison]:
        """Return every pair of systems in the order of `itertools.combinations`, like `significance.compare_all`.

        Holm's correction is made again, because the file may have pairs with rows that are gone.

        Raises:
            UserError: a pair is not in the file, or was tested with transcripts other than those of the records.
        """
        return corrected([self._between(a, b, systems, test_set) for a, b in combinations(systems, 2)])

    def _between(self, a: str, b: str, systems: dict[str, Run], test_set: str) -> Comparison:
        line = self._lines.get((test_set, *(systems[name].record["run"] for name in (a, b))))  # type: ignore[arg-type]
        errors = [_errors(systems[name], test_set) for name in (a, b)]
        try:
            if line is not None and [float(line["wer_a"]), float(line["wer_b"])] == [e.wer for e in errors]:
                return _comparison(a, b, errors, line)
        except (KeyError, TypeError, ValueError):
            pass
        raise UserError(
            f"ref/{test_set}.trn is missing, and {self.path} does not have the test of {systems[a].record['run']} "
            f"against {systems[b].record['run']} to take instead. {how_to_write_them(self.study)}"
        )


def kept_lines(path: Path) -> list[Line]:
    """The lines of a table that an earlier report wrote; none if it is missing.

    Raises:
        UserError: the file is damaged.
    """
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except (OSError, ValueError, csv.Error) as error:
        raise UserError(f"{path} cannot be read ({error}); delete it and make the tables again") from None


def _target(text: str) -> float | None:
    return float(text) if text else None


def _errors(run: Run, test_set: str) -> WordErrors:
    score: dict[str, Any] = dict(run.scores[test_set])
    return WordErrors(*(score[name] for name in COUNTS))


def _comparison(a: str, b: str, errors: list[WordErrors], line: Line) -> Comparison:
    """Convert a line of the file; raises ValueError if it is damaged."""
    reason = line["degenerate"] or None
    test = MatchedPairs(
        int(line["segments"]),
        _finite(line["mean_difference"]),
        _finite(line["sd_difference"]),
        _finite(line["z"]),
        1.0 if reason else _finite(line["p"]),
        reason,
    )
    if line["resampled"] not in get_args(Unit):
        raise ValueError(line["resampled"])
    interval = _finite(line["delta_low"]), _finite(line["delta_high"])
    p_holm = _finite(line["p_holm"]) if line["p_holm"] else None
    return Comparison(a, b, errors[0], errors[1], interval, cast(Unit, line["resampled"]), test, p_holm)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number
