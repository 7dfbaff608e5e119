"""What kinds of errors a row makes, how much of the dense accuracy it keeps, and how fast it is: `errors.csv`."""

from __future__ import annotations

import pandas as pd

from benchmark.report.over_seeds import OverSeeds
from benchmark.report.rows import Row, percent
from benchmark.report.typesetting import Markdown, markdown

NOTHING = "-"
KINDS = ("substitutions", "deletions", "insertions")
HEADINGS = {
    "wer": "WER %",
    "substitutions": "substituted %",
    "deletions": "deleted %",
    "insertions": "inserted %",
    "recovery": "recovery %",
    "no_regression": "no regression %",
}


def error_frame(rows: list[Row], test_sets: list[OverSeeds], dense: Row | None) -> pd.DataFrame:
    """One line per test set and finished row: means over the seeds, as fractions.

    `substitutions`, `deletions` and `insertions` are per reference word. `recovery` is the row's accuracy, 1 - WER,
    over that of dense. `no_regression` is the share of utterances with no more errors than dense makes there.
    `real_time_factor` is the transcription time over the length of the speech.
    """
    lines = [_line(row, over_seeds, dense) for over_seeds in test_sets for row in rows if row.wer(over_seeds.test_set)]
    return pd.DataFrame(lines)


def _line(row: Row, over_seeds: OverSeeds, dense: Row | None) -> dict[str, object]:
    test_set = over_seeds.test_set

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
        "no_regression": over_seeds.no_regression(row, dense) if dense else None,
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
        "real-time factor": frame["real_time_factor"].map(lambda factor: f"{factor:.4f}"),
    }
    return pd.DataFrame(cells)


def _hundredths(share: float | None) -> str:
    return NOTHING if share is None or pd.isna(share) else f"{100 * share:.1f}"
