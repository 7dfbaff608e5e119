"""The caveats above every table of a study, without which its numbers would mislead."""

from __future__ import annotations

from benchmark.report.reference_sources import how_to_write_them
from benchmark.report.rows import Row, dense_row, percent
from benchmark.runs.collection import Collection

WORST_DENSE = 0.5  # WER; a model that gets more words wrong than right is not worth compressing


def weaknesses(collection: Collection, rows: list[Row]) -> list[str]:
    """Reasons why the study allows no conclusion about methods; empty for most studies."""
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
    """The sentences above every table; empty for most studies."""
    found = [f"Draw no conclusions about methods from this study: {why}." for why in weaknesses(collection, rows)]
    if collection.not_recounted:
        found.append(
            f"Not recounted: {', '.join(collection.not_recounted)}. The references are not in `ref/`, so the word "
            "errors are those of the records, and the tests and intervals those of the last `significance.csv`. "
            f"{how_to_write_them(collection.study)}"
        )
    return found


def banner(found: list[str]) -> str:
    """Caveats as Markdown, for the top of a table; empty if there are none."""
    return "".join(f"> **Caveat.** {caveat}\n\n" for caveat in found)
