"""Reads CSV files that may be missing or malformed: the result is a frame or a one-line error."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmark.system.errors import UserError


@dataclass(frozen=True)
class Format:
    """The required format of a CSV file.

    Attributes:
        columns: required columns.
        filled: required columns without empty cells.
        numbers: regular expression for the names of columns that hold only numbers and empty cells.
    """

    columns: Sequence[str]
    filled: Sequence[str]
    numbers: str


def read_csv(path: Path, expected: Format, remedy: str) -> pd.DataFrame:
    """Read a CSV file of the expected format. `remedy` ends the error message, and says how to repair the file.

    Raises:
        UserError: the file is missing, is not a CSV file, or does not have that format.
    """
    try:
        frame = pd.read_csv(path, encoding="utf-8")
    except FileNotFoundError:
        raise UserError(f"{path} does not exist: {remedy}") from None
    except (ValueError, OSError) as error:  # pandas' own errors are ValueErrors
        raise UserError(f"{path} cannot be read as CSV ({' '.join(str(error).split())}): {remedy}") from None
    for column in expected.columns:
        if column not in frame.columns:
            raise UserError(f'{path} has no column "{column}": {remedy}')
    for column in frame.columns:
        if re.fullmatch(expected.numbers, column):
            frame[column] = _numbers(frame[column], path, remedy)
    for column in expected.filled:
        for line, cell in enumerate(frame[column], start=2):  # the header is line 1
            if pd.isna(cell) or not str(cell).strip():
                raise UserError(f'{path}, line {line}: nothing in column "{column}": {remedy}')
    return frame


def _numbers(column: pd.Series[Any], path: Path, remedy: str) -> pd.Series[Any]:
    found: pd.Series[Any] = pd.to_numeric(column, errors="coerce")
    for line, (cell, number) in enumerate(zip(column, found, strict=True), start=2):
        if pd.isna(number) and not pd.isna(cell):
            raise UserError(f'{path}, line {line}: "{cell}" in column "{column.name}" is not a number: {remedy}')
    return found


def optional(value: Any) -> float | None:
    """A cell's number, or None if the cell is empty."""
    return None if pd.isna(value) else float(value)
