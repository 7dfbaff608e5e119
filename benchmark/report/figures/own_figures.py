"""The figure of an evaluation's own table: a curve, or a point, per row, in coordinates that the evaluation gives."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmark.report.figures.label_columns import column_inches, lay_out_with_edge_labels
from benchmark.report.figures.labels import Label
from benchmark.report.figures.pareto import look_of
from benchmark.report.figures.scatter import family_legend
from benchmark.report.tables.own_tables import OwnTable


def own_figure(table: OwnTable) -> Figure:
    """One panel per test set, in which every row has a line through its points; values are means over the seeds."""
    most = max(map(len, table.rows.values()))
    size = 5.4 * len(table.rows), max(4.0, column_inches(most) + 0.9)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(table.rows), squeeze=False)[0]
    labels = [_draw(axes, table, test_set) for axes, test_set in zip(panels, table.rows, strict=True)]
    family_legend(figure, [row for rows in table.rows.values() for row in rows])
    lay_out_with_edge_labels(figure, dict(zip(panels, labels, strict=True)))
    return figure


def _draw(axes: Axes, table: OwnTable, test_set: str) -> list[Label]:
    """Draw the panel of a test set; return the labels of its rows."""
    labels = []
    for row in table.rows[test_set]:
        if points := table.evaluation.points(table.means(test_set, row)):
            look = look_of(row)
            axes.plot(*zip(*points, strict=True), color=look.colour, marker=look.marker, markersize=3.5, linewidth=1.1)
            labels.append(Label(row.name, points, look.colour))
    x, y = table.evaluation.axes
    axes.set(xlabel=x, ylabel=y)
    axes.set_title(test_set, loc="left", fontweight="bold")
    return labels
