"""Training curves for drawing in a browser: few points, one chart per quantity."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from benchmark.report.rows.quantities import quantities
from benchmark.runs.collection import Run

POINTS = 200  # per curve; a chart is about 300 pixels wide
DIGITS = 4


def curve_charts(run: Run) -> dict[str, Any] | None:
    """Convert `curves.csv` for the page's script; None if the run logged nothing.

    Returns:
        `step` and `phase` of every point, and `charts`: a title, and for every line a name and its values, null where
        nothing was logged. A quantity with a value for each layer is drawn as the mean over the layers.
    """
    curves = run.curves
    if curves.empty:
        return None
    few = curves.iloc[np.unique(np.linspace(0, len(curves) - 1, POINTS).round().astype(int))]
    return {
        "step": [int(step) for step in few["step"]],
        "phase": [int(phase) for phase in few["phase"]],
        "charts": [
            {"title": title, "lines": [{"name": name, "values": _values(few[columns])} for name, columns in lines]}
            for title, lines in _charts(list(curves.columns))
        ],
    }


def _charts(columns: list[str]) -> list[tuple[str, list[tuple[str, list[str]]]]]:
    """Titles with the lines of each chart; a line has a name and the columns that it averages."""
    charts = []
    for quantity, parts in quantities(columns).items():
        name = quantity.replace("_", " ")
        title = name if None in parts else f"{name}, mean over the layers"
        charts.append((title, [((part or name).replace("_", " "), found) for part, found in parts.items()]))
    return charts


def _values(columns: pd.DataFrame) -> list[float | None]:
    """The mean of the columns at every point, with few digits, since the page stores it for every run."""
    mean = columns.mean(axis="columns")
    return [float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None for value in mean]
