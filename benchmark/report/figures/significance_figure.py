"""The figure of significance tests at a target: a matrix of all pairs."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from benchmark.report.prose.filling import plain_text
from benchmark.report.rows.comparisons import Comparisons, Verdict
from benchmark.report.rows.rows import Row
from benchmark.report.tables.significance_tables import compared_rows

SHADES = ListedColormap(["#17466F", "#B9D3E8", "#F6F6F6", "#FBE3CB", "#EDA35C"])
BETTER_HOLM, BETTER, NEITHER, WORSE, WORSE_HOLM = range(5)
MOST_WITH_NUMBERS = 24  # systems; a larger matrix that fits on a page has room only for marks
CELL, SMALL_CELL = 0.62, 0.22  # inches


def significance_matrix(rows: list[Row], comparisons: Comparisons) -> Figure:
    """One matrix per test set, lowest WER first; a cell compares its row with its column."""
    compared = {test_set: _by_wer(rows, comparisons, test_set) for test_set in comparisons.test_sets}
    most = max(len(found) for found in compared.values())
    numbers = most <= MOST_WITH_NUMBERS
    size = (CELL if numbers else SMALL_CELL) * most
    figure = Figure(figsize=(size + 2.6, len(compared) * (0.62 * size + 2.2)), layout="constrained")
    panels = figure.subplots(len(compared), 1, squeeze=False)[:, 0]
    for axes, (test_set, systems) in zip(panels, compared.items(), strict=True):
        _matrix(axes, systems, comparisons, test_set, numbers)
    figure.supxlabel(plain_text("matrix_note.jinja", numbers=numbers), fontsize=8, wrap=True)
    return figure


def _by_wer(rows: list[Row], comparisons: Comparisons, test_set: str) -> list[Row]:
    compared = compared_rows(rows, comparisons, test_set)
    return sorted(compared, key=lambda row: wer.mean if (wer := row.wer(test_set)) else math.inf)


def _matrix(axes: Axes, systems: list[Row], comparisons: Comparisons, test_set: str, numbers: bool) -> None:
    shades = [[NEITHER] * len(systems) for _ in systems]
    for i, row in enumerate(systems):
        for j, other in enumerate(systems):
            verdict = comparisons.between(row, other, test_set)
            if verdict is not None:
                shades[i][j] = _shade(verdict)
                colour = "white" if shades[i][j] == BETTER_HOLM else "black"
                mark = "" if verdict.mark == "ns" else verdict.mark
                text = f"{100 * verdict.delta:+.1f}\n{mark}".strip() if numbers else mark
                axes.text(j, i, text, ha="center", va="center", fontsize=7 if numbers else 5, color=colour)
    edges = np.arange(len(systems) + 1) - 0.5
    axes.pcolormesh(edges, edges, np.array(shades), cmap=SHADES, vmin=0, vmax=4, edgecolors="white", linewidth=1)
    axes.invert_yaxis()
    names = [row.title for row in systems]
    upright = {"rotation": 90, "va": "center"}  # slanted names overlap above small cells
    slant = {"rotation": 40} if numbers else upright
    size = 9 if numbers else 7.5
    axes.set_xticks(range(len(names)), names, ha="right", rotation_mode="anchor", fontsize=size, **slant)
    axes.set_yticks(range(len(names)), names, fontsize=size)
    axes.set_title(test_set, loc="left", fontweight="bold")
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _shade(verdict: Verdict) -> int:
    if verdict.direction == "worse":
        return WORSE_HOLM if verdict.worse else WORSE
    if verdict.direction == "better":
        return BETTER_HOLM if verdict.better else BETTER
    return NEITHER
