"""Direct labels in a column: at the ends of lines, or at the edge of the axes if points are too crowded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from benchmark.report.figures.labels import Label
from benchmark.report.figures.style import lay_out

Floats = npt.NDArray[np.float64]

LEADER = 10  # pixels at 100 dpi from a line's end to its label
EDGE = 1.03  # start of a column at the edge, in widths of the axes
LINE_HEIGHT = 1.5  # as a multiple of the text size


def label_line_ends(axes: Axes, labels: list[Label], size: float = 8) -> None:
    """Write `labels` in a column to the right of lines, in the order of the lines' ends, the labels' last points."""
    ends = _pixels(axes, [label.anchors[-1] for label in labels])
    _write_column(axes, labels, ends + np.array([3, 0]), ends[:, 0] + 3 + LEADER, size)


def label_at_edge(axes: Axes, labels: list[Label], size: float = 7) -> None:
    """Write `labels` in a column right of the axes, in the points' order, each with a line to its rightmost point.

    Call it once the axes' position is final, in a layout made with `edge_text`.
    """
    ends = _pixels(axes, [max(label.anchors) for label in labels])
    edge = axes.transAxes.transform((EDGE, 0))[0]
    _write_column(axes, labels, ends, np.full(len(labels), edge), size)


def lay_out_with_edge_labels(figure: Figure, labels: Mapping[Axes, list[Label]]) -> None:
    """Give a figure its final layout, with room right of each panel for its labels, and write them there."""
    labelled = {axes: names for axes, names in labels.items() if names}
    room = [edge_text(axes, names) for axes, names in labelled.items()]
    lay_out(figure)
    for text in room:
        text.remove()
    for axes, names in labelled.items():
        label_at_edge(axes, names)


def edge_text(axes: Axes, labels: list[Label], size: float = 7) -> Text:
    """Write the longest label where `label_at_edge` will, so that a layout leaves room; remove it afterwards."""
    longest = max((label.text for label in labels), key=len)
    return axes.text(EDGE, 0.5, longest, transform=axes.transAxes, fontsize=size)


def column_inches(labels: int, size: float = 7) -> float:
    """Height in inches of a column with this number of labels."""
    return labels * LINE_HEIGHT * size / 72


def spread_out(heights: Floats, gap: float) -> Floats:
    """Move ascending heights as little as necessary to be `gap` apart: tight groups spread around their mean."""
    groups: list[list[float]] = []
    for height in heights:
        groups.append([float(height)])
        while len(groups) > 1 and _column(groups[-1], gap)[0] - _column(groups[-2], gap)[-1] < gap:
            last = groups.pop()
            groups[-1] += last
    return np.concatenate([_column(group, gap) for group in groups])


def within(heights: Floats, gap: float, low: float, high: float) -> Floats:
    """Move heights that are at least `gap` apart into the range from `low` to `high`, as far as there is room."""
    steps = gap * np.arange(len(heights))
    moved: Floats = np.minimum(np.maximum(heights, low + steps), max(high, low + steps[-1]) - steps[::-1])
    return moved


def _column(heights: list[float], gap: float) -> Floats:
    """One position per height, `gap` apart, centred on the heights' mean."""
    return np.mean(heights) + gap * (np.arange(len(heights)) - (len(heights) - 1) / 2)


def _pixels(axes: Axes, points: list[tuple[float, float]]) -> Floats:
    pixels: Floats = axes.transData.transform(np.array(points))
    return pixels


def _write_column(axes: Axes, labels: list[Label], ends: Floats, lefts: Floats, size: float) -> None:
    """Write each label's text from its entry in `lefts`, with a line from its entry in `ends`; all in pixels."""
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
