"""Direct labels in a column: beside the ends of lines, or at the edge where too many points stand together."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.text import Text

from benchmark.report.labels import Label

Floats = npt.NDArray[np.float64]

LEADER = 10  # pixels at 100 dpi from a line's end to its label
EDGE = 1.03  # where a column at the edge begins, in widths of the axes
LINE_HEIGHT = 1.5  # of the text's size


def label_line_ends(axes: Axes, labels: list[Label], size: float = 8) -> None:
    """Write `labels` in a column to the right of lines that end at the labels' last points, in the lines' order."""
    ends = _pixels(axes, [label.anchors[-1] for label in labels])
    _write_column(axes, labels, ends + np.array([3, 0]), ends[:, 0] + 3 + LEADER, size)


def label_at_edge(axes: Axes, labels: list[Label], size: float = 7) -> None:
    """Write `labels` in a column right of the axes, each with a line to its rightmost point, in the points' order.

    Call it when the axes' position is final, in a layout made with `edge_text`.
    """
    ends = _pixels(axes, [max(label.anchors) for label in labels])
    edge = axes.transAxes.transform((EDGE, 0))[0]
    _write_column(axes, labels, ends, np.full(len(labels), edge), size)


def edge_text(axes: Axes, labels: list[Label], size: float = 7) -> Text:
    """The longest text where `label_at_edge` will write: makes a layout leave room for it; to be removed after."""
    longest = max((label.text for label in labels), key=len)
    return axes.text(EDGE, 0.5, longest, transform=axes.transAxes, fontsize=size)


def column_inches(labels: int, size: float = 7) -> float:
    """Height of a column of so many labels."""
    return labels * LINE_HEIGHT * size / 72


def spread_out(heights: Floats, gap: float) -> Floats:
    """Ascending heights moved as little as need be to stand `gap` apart: groups too tight spread about their mean."""
    groups: list[list[float]] = []
    for height in heights:
        groups.append([float(height)])
        while len(groups) > 1 and _column(groups[-1], gap)[0] - _column(groups[-2], gap)[-1] < gap:
            last = groups.pop()
            groups[-1] += last
    return np.concatenate([_column(group, gap) for group in groups])


def within(heights: Floats, gap: float, low: float, high: float) -> Floats:
    """Heights that stand `gap` apart or more, moved inside `low` and `high` as far as there is room."""
    steps = gap * np.arange(len(heights))
    moved: Floats = np.minimum(np.maximum(heights, low + steps), max(high, low + steps[-1]) - steps[::-1])
    return moved


def _column(heights: list[float], gap: float) -> Floats:
    """As many places as heights, `gap` apart, about the heights' mean."""
    return np.mean(heights) + gap * (np.arange(len(heights)) - (len(heights) - 1) / 2)


def _pixels(axes: Axes, points: list[tuple[float, float]]) -> Floats:
    pixels: Floats = axes.transData.transform(np.array(points))
    return pixels


def _write_column(axes: Axes, labels: list[Label], ends: Floats, lefts: Floats, size: float) -> None:
    """Each label's text begins at its `lefts`, and a line comes from its `ends`; all in pixels."""
    order = np.argsort(ends[:, 1], kind="stable")
    gap = LINE_HEIGHT * size * axes.get_figure(root=True).dpi / 72  # type: ignore[union-attr]
    heights = within(spread_out(ends[order, 1], gap), gap, axes.bbox.y0 + gap / 2, axes.bbox.y1 - gap / 2)
    to_data: Any = axes.transData.inverted().transform
    for i, height in zip(order, heights, strict=True):
        x, y = to_data((lefts[i] + 3, height))
        axes.text(x, y, labels[i].text, color=labels[i].colour, fontsize=size, va="center")
        (x0, x1), (y0, y1) = to_data([ends[i], (lefts[i], height)]).T
        (leader,) = axes.plot([x0, x1], [y0, y1], color=labels[i].colour, linewidth=0.6, scalex=False, scaley=False)
        leader.set_clip_on(False)
