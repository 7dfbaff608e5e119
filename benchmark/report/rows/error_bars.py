"""Error bars of WER: they span the seeds if there are several, else a bootstrap interval."""

from __future__ import annotations

from benchmark.report.prose.filling import plain_text
from benchmark.report.rows.comparisons import Comparisons
from benchmark.report.rows.rows import Row, known

BOOTSTRAP = "95 % bootstrap interval of the difference to dense, added to the WER of dense"
SEEDS = "lowest to highest seed"


def error_bar(row: Row, test_set: str, comparisons: Comparisons) -> tuple[float, float] | None:
    """Ends of a row's error bar as WER fractions; None for dense, and for all rows of a study without dense."""
    wer, dense = row.wer(test_set), comparisons.dense
    if wer and wer.n > 1:
        return wer.low, wer.high
    verdict = comparisons.between(row, dense, test_set) if dense else None
    if verdict is None or dense is None:
        return None
    middle = known(dense.wer(test_set)).mean
    return middle + verdict.low, middle + verdict.high


def bar_meaning(row: Row) -> str:
    """Describes what the error bar of one row spans."""
    return SEEDS if len(row.finished) > 1 else BOOTSTRAP


def bars_caption(rows: list[Row], comparisons: Comparisons) -> str:
    """Describes what the error bars of these rows span."""
    counts = {len(row.finished) for row in rows if row.finished and not row.is_dense}
    has_dense = comparisons.dense is not None  # bootstrap intervals are of differences to it
    seeds, bootstrap = counts - {1} != set() or not has_dense, 1 in counts and has_dense
    return plain_text("error_bars.jinja", seeds=seeds, bootstrap=bootstrap)
