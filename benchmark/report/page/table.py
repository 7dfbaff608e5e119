"""The page's main table: its text from `main.md`, and the numbers to sort it by from `main.csv`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from benchmark.report.rows.rows import Reference, Row
from benchmark.report.tables.reading_table import FIRST

# Column of the reading table -> column of main.csv, except for the reference method's columns.
NUMBERS = {
    "target": "target_sparsity",
    "params (M)": "remaining_parameters",
    "ratio": "compression_ratio",
    "encoder sparsity": "encoder_sparsity",
    "MB": "bytes_on_disk",
    "MACs/s (M)": "macs_per_second",
    "speed-up": "speedup",
    "rank": "{test_set}_rank",
    "WER %": "{test_set}_wer_mean",
    "Δ dense": "{test_set}_vs_dense_delta",
    "time (s)": "compression_seconds_mean",
    "budget": "budget_share",
    "seeds": "finished_runs",
}


@dataclass(frozen=True)
class Column:
    """A header."""

    test_set: str  # empty for columns that do not depend on the test set
    name: str
    number: str | None = None  # the column of main.csv that it is sorted by

    @property
    def first(self) -> bool:
        """Whether it is shown before the reader has chosen any columns."""
        return self.name in FIRST

    @property
    def numeric(self) -> bool:
        """Whether it is sorted by number and aligned right."""
        return self.number is not None


@dataclass(frozen=True)
class Cell:
    """The text shown, and the number that a numeric column is sorted by; None is sorted last."""

    column: Column
    text: str
    value: float | None = None


@dataclass(frozen=True)
class Line:
    """A row of the study with its cells."""

    row: Row
    cells: tuple[Cell, ...]


def table_lines(rows: list[Row], reading: pd.DataFrame, main: pd.DataFrame, reference: Reference | None) -> list[Line]:
    """Combine the rows of both tables cell by cell.

    The columns of `FIRST` come first, in its order.
    """
    numbers = NUMBERS | ({reference.column: f"{{test_set}}_vs_{reference.label}_delta"} if reference else {})
    columns = [_column(Column(*names), numbers) for names in reading.columns]
    lines = []
    for row, texts, (_, values) in zip(rows, reading.to_numpy().tolist(), main.iterrows(), strict=True):
        cells = [Cell(c, text, _value(c, values)) for c, text in zip(columns, texts, strict=True)]
        cells.append(Cell(Column("", "family"), row.first["family"]))
        lines.append(Line(row, tuple(sorted(cells, key=lambda cell: _place(cell.column)))))
    return lines


def _place(column: Column) -> tuple[bool, int]:
    """Its place in the table; columns with equal places keep the order of the reading table."""
    return not column.first, FIRST.index(column.name) if column.first else 0


def _column(header: Column, numbers: dict[str, str]) -> Column:
    """A header with the column of main.csv that its cells are sorted by, if they are numbers."""
    number = numbers.get(header.name)
    return replace(header, number=number.format(test_set=header.test_set) if number else None)


def _value(column: Column, values: pd.Series[Any]) -> float | None:
    value = values.get(column.number) if column.number else None
    return None if pd.isna(value) else float(value)
