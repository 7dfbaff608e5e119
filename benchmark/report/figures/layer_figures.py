"""Figures of single methods: the sparsity of each layer's matrices, and the quantities logged during training."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmark.report.figures.label_columns import label_line_ends
from benchmark.report.figures.labels import Label
from benchmark.report.figures.style import lay_out, look
from benchmark.report.rows.matrix_shares import CROSS, MatrixShares, matrix_shares
from benchmark.report.rows.quantities import quantities
from benchmark.report.rows.rows import Row, percent

SPARSITY = "sparsity"  # the only quantity with a target
MOST_ACROSS = 20  # matrices beside each other in a figure


def drawn_rows(rows: list[Row]) -> dict[str, list[Row]]:
    """The finished rows whose methods offer their own figures, by label."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        if row.finished and "drawn" in row.finished[0].record:
            found.setdefault(row.label, []).append(row)
    return found


def matrix_sparsity(rows: list[Row]) -> Figure:
    """One heat map per target with one cell per matrix, its sparsity in per cent; dark is sparse.

    A cell is blank if the layer has no such matrix: an encoder's layer has no cross-attention.
    """
    shares = [(row, matrix_shares([run.record for run in row.finished])) for row in rows]
    height, width = shares[0][1].removed.shape
    columns = min(MOST_ACROSS // width, len(shares))
    lines = -(-len(shares) // columns)
    size = 0.6 * (width * columns + 1), lines * (0.30 * height + 1.1)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    low, high = (float(end([end(found.removed) for _, found in shares])) for end in (np.nanmin, np.nanmax))
    for axes, (row, found) in zip(panels, shares, strict=False):
        _heat_map(axes, found, low, high)
        axes.set_title(f"target {percent(row.target or 0)}", loc="left", fontweight="bold")
    for axes in panels[len(shares) :]:
        axes.set_visible(False)
    figure.supxlabel("Percentage of weights removed from each matrix; darker is sparser.", fontsize=8, wrap=True)
    return figure


def _heat_map(axes: Axes, shares: MatrixShares, low: float, high: float) -> None:
    middle = (low + high) / 2
    axes.imshow(shares.removed, cmap="Blues", vmin=low - 0.05, vmax=high + 0.15, aspect="auto")
    for (layer, column), share in np.ndenumerate(shares.removed):
        if np.isnan(share):
            continue
        colour = "white" if share > middle + 0.2 * (high - low) else "black"
        axes.text(column, layer, f"{100 * share:.0f}", ha="center", va="center", color=colour, fontsize=8)
    names = [name.replace(CROSS, "cross\n").replace("_", " ") for name in shares.matrices]
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(shares.layers)), shares.layers)
    axes.set_ylabel("layer")
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def rows_with_curves(rows: list[Row], names: Iterable[str]) -> list[Row]:
    """The rows whose first run logged all of these quantities."""
    logged = [(row, row.finished[0].curves.columns) for row in rows]
    return [row for row, columns in logged if "progress" in columns and {*names} <= {*quantities(columns)}]


def training(rows: list[Row], curves: dict[str, str]) -> Figure:
    """Panels with the first seed's curves: a line per quantity, a column per target; `curves` has the axis labels."""
    figure = Figure(figsize=(4.2 * len(rows) + 0.4, 2.9 * len(curves)), layout="constrained")
    panels = figure.subplots(len(curves), len(rows), squeeze=False, sharex=True)
    labels = []
    for line, (quantity, label) in zip(panels, curves.items(), strict=True):
        for axes, row in zip(line, rows, strict=True):
            labels.append((axes, _draw_quantity(axes, row, quantity)))
            axes.set_ylabel(label)
    for above, below, row in zip(panels[0], panels[-1], rows, strict=True):
        above.set_title(f"target {percent(row.target or 0)}", loc="left", fontweight="bold")
        below.set(xlabel="share of the budget used", xlim=(0, 1.25))
        below.set_xticks(np.linspace(0, 1, 6))
    seed = rows[0].finished[0].record["seed"]
    note = f"Seed {seed}. Thick lines are means over the layers, thin ones single layers."
    figure.supxlabel(note, fontsize=8, wrap=True)
    lay_out(figure)
    for axes, names in labels:
        if names:
            label_line_ends(axes, names)
    return figure


def _draw_quantity(axes: Axes, row: Row, quantity: str) -> list[Label]:
    """Draw one line, or for each part of a layer a thick line and thin ones; return the thick lines' labels."""
    curves = row.finished[0].curves
    parts = quantities(curves.columns)[quantity]
    if quantity == SPARSITY:
        curves = curves.assign(**{column: 100 * curves[column] for columns in parts.values() for column in columns})
        axes.set_ylim(0, 100)
        if row.target is not None:
            axes.axhline(100 * row.target, color="black", linewidth=0.9, linestyle=(0, (1, 1.5)))
    if None in parts:
        logged = curves[["progress", quantity]].dropna()
        axes.plot(logged["progress"], logged[quantity], color="black", linewidth=1.2)
        return []
    return [_draw_part(axes, curves, part or "", parts[part], i) for i, part in enumerate(parts)]


def _draw_part(axes: Axes, curves: pd.DataFrame, part: str, columns: list[str], index: int) -> Label:
    """Draw a thin line per layer and a thick one for their mean; return the thick line's label."""
    logged, style = curves[["progress", *columns]].dropna(), look(index)
    progress, mean = logged["progress"], logged[columns].mean(axis=1)
    axes.plot(progress, logged[columns], color=style.colour, linewidth=0.5, alpha=0.3)
    axes.plot(progress, mean, color=style.colour, linestyle=style.dashes, linewidth=1.6)
    line = list(zip(progress.tolist(), mean.tolist(), strict=True))
    return Label(part.replace("_", " "), [line[-1]], style.colour)
