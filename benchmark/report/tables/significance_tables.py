"""`significance.csv` and `significance.md`: the tests of every pair of rows on every test set."""

from __future__ import annotations

import pandas as pd

from benchmark.report.prose.filling import markdown_text
from benchmark.report.rows.comparisons import Comparisons, SeedTest, Verdict
from benchmark.report.rows.rows import Row, target_heading
from benchmark.report.tables.typesetting import NOTHING, Markdown, markdown

COLUMNS = (
    *("test_set", "seed", "label_a", "target_a", "label_b", "target_b", "wer_a", "wer_b", "delta_wer", "delta_low"),
    *("delta_high", "resampled", "segments", "mean_difference", "sd_difference", "z", "p", "p_holm"),
    *("mark", "degenerate"),
)


def significance_frame(comparisons: Comparisons) -> pd.DataFrame:
    """One line per pair, seed and test set; differences are the first system's minus the second's."""
    return pd.DataFrame([_line(test) for test in comparisons.tests], columns=COLUMNS)


def significance_page(rows: list[Row], comparisons: Comparisons, caveats: list[str]) -> Markdown:
    """A matrix of marks for each test set and target, below the caveats."""
    matrices = {
        name: {
            target_heading(target): markdown(_matrix(own, comparisons, name)) for target, own in rivals(rows).items()
        }
        for name in (comparisons.test_sets if comparisons.tests else ())
    }
    return markdown_text("significance.md.jinja", caveats=caveats, matrices=matrices)


def rivals(rows: list[Row]) -> dict[float | None, list[Row]]:
    """The rows that are compared with each other, by target, and the dense row with all of them."""
    targets = dict.fromkeys(row.target for row in rows if row.finished and not row.is_dense)
    return {
        target: [row for row in rows if row.finished and (row.is_dense or row.target == target)] for target in targets
    }


def compared_rows(rows: list[Row], comparisons: Comparisons, test_set: str) -> list[Row]:
    """Rows with a test against at least one other row."""
    found = {row for test in comparisons.tests if test.test_set == test_set for row in (test.a, test.b)}
    return [row for row in rows if row in found]


def _matrix(rows: list[Row], comparisons: Comparisons, test_set: str) -> pd.DataFrame:
    compared = compared_rows(rows, comparisons, test_set)
    lines = [
        {("", "system"): row.name}
        | {("", other.name): _cell(comparisons.between(row, other, test_set)) for other in compared}
        for row in compared
    ]
    return pd.DataFrame(lines)


def _cell(verdict: Verdict | None) -> str:
    return verdict.worded_mark if verdict else NOTHING


def _line(test: SeedTest) -> dict[str, object]:
    result, mapsswe = test.result, test.result.test
    return {
        "test_set": test.test_set,
        "seed": test.seed,
        "label_a": test.a.label,
        "target_a": test.a.target,
        "label_b": test.b.label,
        "target_b": test.b.target,
        "wer_a": result.errors_a.wer,
        "wer_b": result.errors_b.wer,
        "delta_wer": result.delta_wer,
        "delta_low": result.interval[0],
        "delta_high": result.interval[1],
        "resampled": result.resampled,
        "segments": mapsswe.segments,
        "mean_difference": mapsswe.mean,
        "sd_difference": mapsswe.std,
        "z": mapsswe.z,
        "p": test.p,
        "p_holm": result.p_holm,
        "mark": Verdict((test,), 1).worded_mark,
        "degenerate": mapsswe.degenerate,
    }


def p_value(p: float | None) -> str:
    """Format a p value for readers."""
    if p is None:
        return NOTHING
    return "<0.0001" if p < 0.0001 else f"{p:.4f}" if p < 0.01 else f"{p:.3f}"
