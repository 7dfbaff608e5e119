"""The caveats above every table of a study, without which its numbers would mislead."""

from __future__ import annotations

from benchmark.report.prose.filling import plain_text
from benchmark.report.prose.reference_sources import how_to_write_them
from benchmark.report.rows.rows import Row, dense_row
from benchmark.runs.collection import Collection

WORST_DENSE = 0.5  # WER; a model that gets more words wrong than right is not worth compressing


def caveats(collection: Collection, rows: list[Row]) -> list[str]:
    """The texts above every table; empty for most studies."""
    found = [
        plain_text("caveats.jinja", reason="dense", test_set=test_set, wer=wer, limit=WORST_DENSE)
        for test_set, wer in _dense_wers(collection, rows).items()
        if wer > WORST_DENSE
    ]
    if any(run.record.get("partial_corpus", False) for run in collection.runs):
        found.append(plain_text("caveats.jinja", reason="corpus"))
    if collection.not_recounted:
        values = {"test_sets": collection.not_recounted, "how_to_write_them": how_to_write_them(collection.study)}
        found.append(plain_text("caveats.jinja", reason="references", **values))
    return found


def _dense_wers(collection: Collection, rows: list[Row]) -> dict[str, float]:
    """WER of the dense model, by test set; empty if it has not finished."""
    dense = dense_row(rows)
    wers = {test_set: dense.wer(test_set) for test_set in collection.test_sets} if dense else {}
    return {test_set: wer.mean for test_set, wer in wers.items() if wer}
