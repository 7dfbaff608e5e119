"""`main.md` and `main.tex`: the main table for readers."""

from __future__ import annotations

import pandas as pd

from benchmark.report.prose.filling import plain_text
from benchmark.report.rows.comparisons import Comparisons
from benchmark.report.rows.machines import ELSEWHERE, timed_elsewhere, usual_machine
from benchmark.report.rows.matrix_shares import has_decoder
from benchmark.report.rows.measures import compression_seconds, is_faster_sparse, speedup
from benchmark.report.rows.metric_columns import metric_columns
from benchmark.report.rows.ranking import Rank, ranks
from benchmark.report.rows.rows import Row, Spread, percent
from benchmark.report.tables.main_table import FOOTPRINT, budget_share
from benchmark.report.tables.typesetting import NOTHING

FIRST = ("rank", "method", "target", "params (M)", "WER %", "Δ dense", "time (s)", "speed-up")  # what is read first
METHOD = (1,)  # the place of the names among them


def reading_frame(rows: list[Row], comparisons: Comparisons) -> pd.DataFrame:
    """The table as text cells; its columns have two levels, of which the upper is the test set or empty."""
    found = {test_set: ranks(rows, test_set) for test_set in comparisons.test_sets}
    elsewhere = timed_elsewhere(rows)
    frame = pd.DataFrame([_cells(row, rows, elsewhere, comparisons, found) for row in rows])
    frame.columns = pd.MultiIndex.from_tuples(list(frame.columns))  # type: ignore[arg-type]
    return frame


def short_frame(frame: pd.DataFrame, test_sets: list[str]) -> pd.DataFrame:
    """The columns of the reading table that are read first, on the first test set."""
    levels = ["", *test_sets[:1]]
    return frame[[(level, name) for name in FIRST for level in levels if (level, name) in frame.columns]]


def legend(rows: list[Row], comparisons: Comparisons) -> list[str]:
    """The lines below the table that explain its columns."""
    text = plain_text(
        "legend.jinja",
        decoder=any(has_decoder(run.record) for row in rows for run in row.finished),
        normalised=any("normalizer" in run.record for row in rows for run in row.runs),
        written_by_model=any("orthography" in run.record for row in rows for run in row.runs),
        communicating=dict.fromkeys(row.title for row in rows if row.finished and not row.shrinks_model),
        several_seeds=any(len(row.finished) > 1 for row in rows),
        dense=comparisons.dense,
        resampled=sorted({test.result.resampled for test in comparisons.tests}) or ["utterances"],
        reference=comparisons.reference,
        sparse=any(is_faster_sparse(row) for row in rows),
        elsewhere=timed_elsewhere(rows),
        usual_machine=usual_machine(rows),
        meanings=[metric.column.meaning for metric in metric_columns(rows)],
    )
    return text.splitlines()


def _cells(
    row: Row, rows: list[Row], elsewhere: list[Row], comparisons: Comparisons, found: dict[str, dict[Row, Rank]]
) -> dict[tuple[str, str], str]:
    size = {name: row.spread(lambda record, name=name: record["footprint"][name]) for name in FOOTPRINT}  # type: ignore[misc]
    cells = {
        ("", "method"): row.title,
        ("", "target"): percent(row.target) if row.target is not None else NOTHING,
        ("", "division"): row.division or NOTHING,
        ("", "params (M)"): _number(size["remaining_parameters"], 1e-6, 2),
        ("", "ratio"): _number(size["compression_ratio"], 1, 2),
        ("", "encoder sparsity"): _number(size["encoder_sparsity"], 100, 1, " %"),
        ("", "MB"): _number(size["bytes_on_disk"], 1e-6, 2),
        ("", "MACs/s (M)"): _number(size["macs_per_second"], 1e-6, 0),
        ("", "speed-up"): _number(speedup(row), 1, 2, " sparse" if is_faster_sparse(row) else ""),
    }
    for test_set in comparisons.test_sets:
        cells[test_set, "rank"] = str(found[test_set].get(row, NOTHING))
        cells[test_set, "WER %"] = _with_sd(row.wer(test_set), 100, 2)
        cells[test_set, "Δ dense"] = _against_dense(row, test_set, comparisons)
        if comparisons.reference:
            verdict = comparisons.with_reference(row, test_set)
            cells[test_set, comparisons.reference.column] = verdict.worded_mark if verdict else NOTHING
        for metric in metric_columns(rows):
            cells[test_set, metric.column.heading] = metric.text(row, test_set)
    share = budget_share(row, rows)
    cells["", "time (s)"] = _with_sd(compression_seconds(row), 1, 0) + (f" {ELSEWHERE}" if row in elsewhere else "")
    cells["", "budget"] = f"{100 * share:.1f} %" if share is not None else NOTHING
    cells["", "seeds"] = str(len(row.finished)) + (f" of {len(row.runs)}" if len(row.finished) < len(row.runs) else "")
    cells["", "status"] = row.status
    return cells


def _number(spread: Spread | None, factor: float, digits: int, unit: str = "") -> str:
    return f"{factor * spread.mean:.{digits}f}{unit}" if spread else NOTHING


def _with_sd(spread: Spread | None, factor: float, digits: int) -> str:
    if spread is None or spread.sd is None:
        return _number(spread, factor, digits)
    return f"{factor * spread.mean:.{digits}f} ± {factor * spread.sd:.{digits}f}"


def _against_dense(row: Row, test_set: str, comparisons: Comparisons) -> str:
    verdict = comparisons.between(row, comparisons.dense, test_set) if comparisons.dense else None
    if verdict is None:
        return NOTHING
    return f"{verdict.points} {verdict.mark}"
