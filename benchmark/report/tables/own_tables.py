"""Tables of evaluations that measure something else than the main table: `<evaluation>.csv` and a section each."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

import pandas as pd

from benchmark.evaluations.contract import Evaluation
from benchmark.report.prose.filling import markdown_text
from benchmark.report.rows.metric_columns import MetricColumn, measured
from benchmark.report.rows.rows import Row, percent
from benchmark.report.tables.typesetting import NOTHING, Markdown, markdown


@dataclass(frozen=True)
class OwnTable:
    """The rows for which an evaluation with a `section` has measured something, by test set."""

    name: str
    evaluation: Evaluation
    rows: dict[str, list[Row]]

    def columns(self) -> list[MetricColumn]:
        """One per metric that the evaluation shows and some row has."""
        columns = [MetricColumn(self.name, metric, column) for metric, column in self.evaluation.columns.items()]
        shown = [(test_set, row) for test_set, rows in self.rows.items() for row in rows]
        return [column for column in columns if any(column.spread(row, test_set) for test_set, row in shown)]

    def means(self, test_set: str, row: Row) -> dict[str, float]:
        """All that the evaluation measured of a row, with or without a column: means over the seeds that have it."""
        found = _of_seeds(row, self.name, test_set)
        return {metric: fmean(each[metric] for each in found) for metric in found[0] if all(metric in f for f in found)}

    def frame(self) -> pd.DataFrame:
        """One line per test set and row: mean and standard deviation of each metric over the seeds."""
        return pd.DataFrame([self._line(test_set, row) for test_set, rows in self.rows.items() for row in rows])

    def _line(self, test_set: str, row: Row) -> dict[str, object]:
        line: dict[str, object] = {"test_set": test_set, "label": row.label, "title": row.title, "target": row.target}
        for column in self.columns():
            spread = column.spread(row, test_set)
            line |= {column.metric: spread and spread.mean, f"{column.metric}_sd": spread and spread.sd}
        return line

    def section(self) -> Markdown:
        """The section's tables, with what their columns mean."""
        tables = {name: markdown(self._reading(name, rows)) for name, rows in self.rows.items()}
        meanings = [column.column.meaning for column in self.columns()]
        introduction = self.evaluation.introduction.split("\n\n")
        return markdown_text("own_table.md.jinja", tables=tables, introduction=introduction, meanings=meanings)

    def _reading(self, test_set: str, rows: list[Row]) -> pd.DataFrame:
        return pd.DataFrame([self._cells(test_set, row) for row in rows])

    def _cells(self, test_set: str, row: Row) -> dict[str, str]:
        target = percent(row.target) if row.target is not None else NOTHING
        return {"method": row.title, "target": target} | {
            column.column.heading: column.text(row, test_set) for column in self.columns()
        }


def own_tables(rows: list[Row], test_sets: list[str]) -> list[OwnTable]:
    """The tables of all evaluations with a `section` that have measured a row."""
    tables = []
    for name, evaluation in measured(rows).items():
        if not evaluation.section:
            continue
        shown = {test_set: [row for row in rows if _of_seeds(row, name, test_set)] for test_set in test_sets}
        if found := {test_set: own for test_set, own in shown.items() if own}:
            tables.append(OwnTable(name, evaluation, found))
    return tables


def _of_seeds(row: Row, evaluation: str, test_set: str) -> list[dict[str, float]]:
    """What the evaluation measured in each seed that has it."""
    return [metrics for run in row.finished if (metrics := run.metrics(evaluation, test_set))]
