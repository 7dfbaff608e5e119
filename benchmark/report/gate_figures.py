"""What the self-pinching gates learned: sparsity per layer and matrix, thresholds and sparsity over training."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmark.report.label_columns import label_line_ends
from benchmark.report.labels import Label
from benchmark.report.rows import Row, percent
from benchmark.report.style import lay_out, look

MATRICES = ("q", "k", "v", "out", "ffn_in", "ffn_out")
THRESHOLD = re.compile(r"threshold_(\d+)\.(\w+)")
Grid = npt.NDArray[np.float64]


def gate_rows(rows: list[Row]) -> dict[str, list[Row]]:
    """Finished rows of the method under study by label: itself, and its variants where a study has some."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row.first["method"] == "self_pinching" and row.finished and "matrices" in row.finished[0].record:
            found.setdefault(row.label, []).append(row)
    return found


def sparsity_grid(row: Row) -> Grid:
    """Share of weights gone, shape (layers, 6 matrices), mean over the seeds."""
    layers = 1 + max(m["layer"] for m in row.finished[0].record["matrices"])
    total, left = np.zeros((layers, len(MATRICES))), np.zeros((layers, len(MATRICES)))
    for run in row.finished:
        for matrix in run.record["matrices"]:
            place = matrix["layer"], MATRICES.index(matrix["matrix"])
            total[place] += matrix["parameters"]
            left[place] += matrix["remaining"]
    grid: Grid = 1 - left / np.maximum(total, 1)
    return grid


def gate_sparsity(rows: list[Row]) -> Figure:
    """One heat map a target, one cell a matrix with its sparsity in per cent; dark is sparse."""
    grids = [(row, sparsity_grid(row)) for row in rows]
    columns = min(3, len(grids))
    lines = -(-len(grids) // columns)
    height = max(len(grid) for _, grid in grids)
    figure = Figure(figsize=(3.6 * columns + 0.6, lines * (0.30 * height + 1.1)), layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    low, high = min(grid.min() for _, grid in grids), max(grid.max() for _, grid in grids)
    for axes, (row, grid) in zip(panels, grids, strict=False):
        _heat_map(axes, grid, low, high)
        axes.set_title(f"target {percent(row.target or 0)}", loc="left", fontweight="bold")
    for axes in panels[len(grids) :]:
        axes.set_visible(False)
    figure.supxlabel("Weights removed from each matrix, in per cent; darker is sparser.", fontsize=8)
    return figure


def _heat_map(axes: Axes, grid: Grid, low: float, high: float) -> None:
    middle = (low + high) / 2
    axes.imshow(grid, cmap="Blues", vmin=low - 0.05, vmax=high + 0.15, aspect="auto")
    for (layer, column), share in np.ndenumerate(grid):
        colour = "white" if share > middle + 0.2 * (high - low) else "black"
        axes.text(column, layer, f"{100 * share:.0f}", ha="center", va="center", color=colour, fontsize=8)
    axes.set_xticks(range(len(MATRICES)), [name.replace("_", " ") for name in MATRICES])
    axes.set_yticks(range(len(grid)))
    axes.set_ylabel("layer")
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def rows_with_curves(rows: list[Row]) -> list[Row]:
    """Those whose first run logged thresholds over the training."""
    return [row for row in rows if {"progress", "sparsity"} <= set(row.finished[0].curves.columns)]


def gate_training(rows: list[Row]) -> Figure:
    """One column a target: sparsity above, the thresholds of each kind of matrix below, of the first seed."""
    figure = Figure(figsize=(4.2 * len(rows) + 0.4, 5.8), layout="constrained")
    upper, lower = figure.subplots(2, len(rows), squeeze=False, sharex=True, height_ratios=(1, 1.5))
    labels = []
    for above, below, row in zip(upper, lower, rows, strict=True):
        curves = row.finished[0].curves
        _sparsity_curve(above, curves, row)
        labels.append((below, _threshold_curves(below, curves)))
    seed = rows[0].finished[0].record["seed"]
    figure.supxlabel(f"Seed {seed}. Thresholds: thick, mean over the layers; thin, each layer.", fontsize=8)
    lay_out(figure)
    for axes, names in labels:
        label_line_ends(axes, names)
    return figure


def _sparsity_curve(axes: Axes, curves: pd.DataFrame, row: Row) -> None:
    logged = curves[["progress", "sparsity"]].dropna()
    axes.plot(logged["progress"], 100 * logged["sparsity"], color="black", linewidth=1.2)
    if row.target is not None:
        axes.axhline(100 * row.target, color="black", linewidth=0.9, linestyle=(0, (1, 1.5)))
    axes.set_title(f"target {percent(row.target or 0)}", loc="left", fontweight="bold")
    axes.set_ylabel("sparsity (%)")
    axes.set_ylim(0, 100)


def _threshold_curves(axes: Axes, curves: pd.DataFrame) -> list[Label]:
    """A thin line a matrix, a thick one their mean for each kind; returns the labels of the thick ones."""
    labels = []
    for i, kind in enumerate(MATRICES):
        found = [c for c in curves.columns if (match := THRESHOLD.fullmatch(c)) and match[2] == kind]
        if not found:
            continue
        logged = curves[["progress", *found]].dropna()
        thresholds, progress, style = logged[found].abs(), logged["progress"], look(i)
        axes.plot(progress, thresholds, color=style.colour, linewidth=0.5, alpha=0.3)
        mean = thresholds.mean(axis=1)
        axes.plot(progress, mean, color=style.colour, linestyle=style.dashes, linewidth=1.6)
        line = list(zip(progress.tolist(), mean.tolist(), strict=True))
        labels.append(Label(kind.replace("_", " "), [line[-1]], style.colour))
    axes.set(xlabel="share of the budget used", ylabel="threshold |θ|", xlim=(0, 1.25))
    axes.set_xticks(np.linspace(0, 1, 6))
    return labels
