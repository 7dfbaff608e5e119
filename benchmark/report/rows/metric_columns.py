"""Evaluation metrics as columns of the tables: those that an evaluation offers and some record holds."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.evaluations.contract import Column, Evaluation, evaluation_names, load_evaluation
from benchmark.report.rows.rows import Row, Spread
from benchmark.runs.records import RunRecord


@dataclass(frozen=True)
class MetricColumn:
    """A metric of an evaluation, and its display format."""

    evaluation: str
    metric: str
    column: Column

    def name(self, test_set: str) -> str:
        """Prefix of the metric's columns in `main.csv`."""
        return f"{test_set}_{self.evaluation}_{self.metric}"

    def spread(self, row: Row, test_set: str) -> Spread | None:
        """The metric over the seeds; None unless every finished run has it."""
        if not all(self.metric in self._found(run.record, test_set) for run in row.finished):
            return None
        return row.spread(lambda record: self._found(record, test_set)[self.metric])

    def text(self, row: Row, test_set: str) -> str:
        """The metric for readers: mean, and standard deviation over several seeds."""
        spread, shown = self.spread(row, test_set), self.column
        if spread is None:
            return "-"
        deviation = "" if spread.sd is None else f" ± {shown.factor * spread.sd:.{shown.digits}f}"
        least = 10.0**-shown.digits
        if spread.sd is None and 0 < shown.factor * spread.mean < least / 2:
            return f"<{least:.{shown.digits}f}"  # 0 would say that it is nothing
        return f"{shown.factor * spread.mean:.{shown.digits}f}{deviation}"

    def _found(self, record: RunRecord, test_set: str) -> dict[str, float]:
        return record.get("metrics", {}).get(self.evaluation, {}).get(test_set, {})


def measured(rows: list[Row]) -> dict[str, Evaluation]:
    """The evaluations by name that some record has metrics of; one whose file was deleted is left out."""
    records = [run.record for row in rows for run in row.finished]
    found = {name for record in records for name in record.get("metrics", {})}
    return {name: load_evaluation(name) for name in sorted(found & set(evaluation_names()))}


def metric_columns(rows: list[Row]) -> list[MetricColumn]:
    """The columns of the main table, by evaluation; an evaluation with a section of its own has none there."""
    return [
        MetricColumn(name, metric, column)
        for name, evaluation in measured(rows).items()
        if not evaluation.section
        for metric, column in evaluation.columns.items()
    ]
