"""What must stand above every table of a study, because without it the numbers would mislead."""

from __future__ import annotations

from benchmark.report.references import how_to_write_them
from benchmark.report.rows import Row, dense_row, percent
from benchmark.runs.collection import Collection

WORST_DENSE = 0.5  # WER; a model that gets more words wrong than right is nothing to compress


def weaknesses(collection: Collection, rows: list[Row]) -> list[str]:
    """Why no conclusion about methods can be drawn from this study; nothing for most studies."""
    reasons = []
    dense = dense_row(rows)
    for test_set in collection.test_sets if dense else ():
        wer = dense.wer(test_set) if dense else None
        if wer and wer.mean > WORST_DENSE:
            reasons.append(
                f"the dense model has {100 * wer.mean:.2f} % WER on {test_set}, more than {percent(WORST_DENSE)}"
            )
    if any(run.record.get("partial_corpus", False) for run in collection.runs):
        reasons.append("the corpus is a part of the official one only (`partial` or `limit` in the study's file)")
    return reasons


def caveats(collection: Collection, rows: list[Row]) -> list[str]:
    """The sentences that stand above every table; nothing for most studies."""
    found = [f"Draw no conclusions about methods from this study: {why}." for why in weaknesses(collection, rows)]
    if collection.not_recounted:
        found.append(
            f"Not recounted: {', '.join(collection.not_recounted)}. The references are not in `ref/`, so the word "
            "errors are those of the records, and the tests and intervals those of the last `significance.csv`. "
            f"{how_to_write_them(collection.study)}"
        )
    return found


def banner(found: list[str]) -> str:
    """Caveats as Markdown, to stand in front of a table; empty without any."""
    return "".join(f"> **Caveat.** {caveat}\n\n" for caveat in found)
