"""What kinds of errors a row makes, how much of the dense accuracy it keeps, and how fast it is: `errors.csv`."""

from __future__ import annotations

import pandas as pd

from benchmark.report.rows.machines import ELSEWHERE, timed_elsewhere
from benchmark.report.rows.rows import Row, percent
from benchmark.report.tables.typesetting import NOTHING, Markdown, markdown
from benchmark.runs.collection import Collection
from benchmark.scoring.wer import WordErrors, no_regression

KINDS = ("substitutions", "deletions", "insertions")
HEADINGS = {
    "wer": "WER %",
    "substitutions": "substituted %",
    "deletions": "deleted %",
    "insertions": "inserted %",
    "recovery": "recovery %",
    "no_regression": "no regression %",
}


def error_frame(collection: Collection, rows: list[Row], dense: Row | None) -> pd.DataFrame:
    """One line per test set and finished row: means over the seeds, as fractions.

    `substitutions`, `deletions` and `insertions` are per reference word. `recovery` is the row's accuracy, 1 - WER,
    over that of dense. `no_regression` is the share of utterances with no more errors than dense makes there.
    `real_time_factor` is the transcription time over the length of the speech; `timed_elsewhere` says that it cannot be
    compared with those of most rows.
    """
    lines, elsewhere = [], timed_elsewhere(rows)
    for test_set in collection.test_sets:
        before = _counts(collection, dense, test_set)[0] if dense and test_set in collection.references else None
        for row in rows:
            if row.wer(test_set):
                share = None if before is None else _no_regression(collection, row, before, test_set)
                line = _line(row, test_set, dense) | {"no_regression": share}
                lines.append(line | {"timed_elsewhere": row in elsewhere})
    return pd.DataFrame(lines)


def _no_regression(collection: Collection, row: Row, before: list[WordErrors], test_set: str) -> float:
    """Over the utterances of all seeds; `before` counts the errors of dense."""
    seeds = _counts(collection, row, test_set)
    return no_regression([counts for own in seeds for counts in own], before * len(seeds))


def _counts(collection: Collection, row: Row, test_set: str) -> list[list[WordErrors]]:
    """The errors of each utterance, by seed."""
    return [collection.scored(run, test_set).counts for run in row.finished]


def _line(row: Row, test_set: str, dense: Row | None) -> dict[str, object]:
    def mean(name: str, per: str | None = None) -> float | None:
        spread = row.spread(lambda r: r["scores"][test_set][name] / (r["scores"][test_set][per] if per else 1))  # type: ignore[literal-required]
        return spread.mean if spread else None

    wer, before = row.wer(test_set), dense.wer(test_set) if dense else None
    return {
        "test_set": test_set,
        "label": row.label,
        "title": row.title,
        "target": row.target,
        "wer": wer.mean if wer else None,
        **{kind: mean(kind, per="words") for kind in KINDS},
        "recovery": (1 - wer.mean) / (1 - before.mean) if wer and before and before.mean < 1 else None,
        "real_time_factor": mean("real_time_factor"),
    }


def error_tables(frame: pd.DataFrame) -> dict[str, Markdown]:
    """The table of each test set, for readers."""
    if frame.empty:
        return {}
    return {str(name): markdown(_reading(of_set)) for name, of_set in frame.groupby("test_set", sort=False)}


def _reading(frame: pd.DataFrame) -> pd.DataFrame:
    cells = {
        "method": frame["title"],
        "target": frame["target"].map(lambda target: NOTHING if pd.isna(target) else percent(target)),
        **{heading: frame[name].map(_hundredths) for name, heading in HEADINGS.items()},
        "real-time factor": frame["real_time_factor"].map("{:.4f}".format)
        + frame["timed_elsewhere"].map({True: f" {ELSEWHERE}", False: ""}),
    }
    return pd.DataFrame(cells)


def _hundredths(share: float | None) -> str:
    return NOTHING if share is None or pd.isna(share) else f"{100 * share:.1f}"
