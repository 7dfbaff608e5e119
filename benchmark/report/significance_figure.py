"""The matrix of all pairs as a picture."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from benchmark.report.comparisons import Comparisons, Verdict
from benchmark.report.rows import Row
from benchmark.report.significance_tables import compared_rows

SHADES = ListedColormap(["#17466F", "#B9D3E8", "#F6F6F6", "#FBE3CB", "#EDA35C"])
BETTER_HOLM, BETTER, NEITHER, WORSE, WORSE_HOLM = range(5)
CELL = 0.62  # inches


def significance_matrix(rows: list[Row], comparisons: Comparisons) -> Figure:
    """One matrix a test set; a cell is the WER of its line minus that of its column, in points, with its mark."""
    compared = {test_set: compared_rows(rows, comparisons, test_set) for test_set in comparisons.test_sets}
    size = CELL * max(len(found) for found in compared.values())
    figure = Figure(figsize=(size + 2.6, len(compared) * (0.62 * size + 2.2)), layout="constrained")
    panels = figure.subplots(len(compared), 1, squeeze=False)[:, 0]
    for axes, (test_set, systems) in zip(panels, compared.items(), strict=True):
        _matrix(axes, systems, comparisons, test_set)
    figure.supxlabel(
        "WER of the line minus WER of the column, in points. Negative, blue: better; positive, orange: worse.\n"
        "Strong and *: significant after Holm's correction; pale and °: only before it; k/n: in k of n seeds.",
        fontsize=8,
    )
    return figure


def _matrix(axes: Axes, systems: list[Row], comparisons: Comparisons, test_set: str) -> None:
    shades = [[NEITHER] * len(systems) for _ in systems]
    for i, row in enumerate(systems):
        for j, other in enumerate(systems):
            verdict = comparisons.between(row, other, test_set)
            if verdict is not None:
                shades[i][j] = _shade(verdict)
                colour = "white" if shades[i][j] == BETTER_HOLM else "black"
                mark = "" if verdict.mark == "ns" else verdict.mark
                text = f"{100 * verdict.delta:+.1f}\n{mark}".strip()
                axes.text(j, i, text, ha="center", va="center", fontsize=7, color=colour, linespacing=0.95)
    edges = np.arange(len(systems) + 1) - 0.5
    axes.pcolormesh(edges, edges, np.array(shades), cmap=SHADES, vmin=0, vmax=4, edgecolors="white", linewidth=1)
    axes.invert_yaxis()
    names = [row.name for row in systems]
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), names)
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
