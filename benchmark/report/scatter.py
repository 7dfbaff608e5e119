"""WER against what it costs: remaining parameters (the Pareto plot) and compression time."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.typing import ColorType

from benchmark.report.comparisons import Comparisons
from benchmark.report.error_bars import bars_caption, error_bar
from benchmark.report.label_columns import column_inches, edge_text, label_at_edge
from benchmark.report.labels import Label, Point, Segment, place_labels
from benchmark.report.rows import (
    Row,
    Size,
    bytes_on_disk,
    compression_seconds,
    known,
    pareto_front,
    percent,
    remaining_parameters,
)
from benchmark.report.style import FAINT, Look, lay_out, look, plain_log_axis

MOST_BESIDE = 14  # labels that a panel has room for beside their points; more stand in a column
WIDE = 3.0  # an axis whose largest value is more than this many times its smallest is logarithmic


@dataclass(frozen=True)
class SizeAxis:
    """A way to count size, and what its axis says."""

    of: Size
    axis: str

    def millions(self, row: Row) -> float:
        """Mean size of a finished row in millions."""
        return known(self.of(row)).mean / 1e6


SIZES = (SizeAxis(remaining_parameters, "remaining parameters (M)"), SizeAxis(bytes_on_disk, "on disk (MB)"))


def wer_against_parameters(rows: list[Row], comparisons: Comparisons) -> Figure:
    """A column a test set: by parameters above, by bytes on disk below, where a method may stand elsewhere.

    A line a method through its targets; dominated points hollow and lighter.
    """
    columns = len(comparisons.test_sets)
    looks, panels = _looks(rows), []
    height = _panel_inches(looks, 4.4)
    figure = Figure(figsize=(5.2 * columns, height * len(SIZES)), layout="constrained")
    for line, size in zip(figure.subplots(len(SIZES), columns, squeeze=False), SIZES, strict=True):
        for axes, test_set in zip(line, comparisons.test_sets, strict=True):
            panel = Panel(axes, test_set, comparisons)
            front = pareto_front(rows, test_set, size.of)
            panel.draw_front(front, size)
            for label, members in _by_label(rows, test_set).items():
                panel.draw_track(members, looks[label], front, size)
            panel.finish(test_set, size.axis)
            panels.append(panel)
    figure.supxlabel(f"Filled: on the Pareto front (grey line). {bars_caption(rows, comparisons)}", fontsize=8)
    _place_all(figure, panels, _crowded(looks))
    return figure


def wer_against_time(rows: list[Row], comparisons: Comparisons) -> Figure:
    """One line of panels a target, one column a test set; what has no target stands in every panel of its column."""
    targets: list[float | None] = [*sorted({row.target for row in rows if row.target is not None})] or [None]
    columns = len(comparisons.test_sets)
    looks, panels = _looks(rows), []
    height = _panel_inches(looks, 3.3)
    figure = Figure(figsize=(5.2 * columns, height * len(targets) + 0.3), layout="constrained")
    for line, target in zip(figure.subplots(len(targets), columns, squeeze=False), targets, strict=True):
        for axes, test_set in zip(line, comparisons.test_sets, strict=True):
            panel = Panel(axes, test_set, comparisons)
            here = [row for row in rows if row.target in (target, None) and not row.is_dense]
            for label, members in _by_label(here, test_set).items():
                panel.draw_time(members[0], looks[label])
            panel.finish(f"{test_set}, {percent(target)}" if target is not None else test_set, "compression time (s)")
            panel.label_dense()
            panels.append(panel)
    figure.supxlabel(bars_caption(rows, comparisons), fontsize=8)
    _place_all(figure, panels, _crowded(looks))
    return figure


@dataclass
class Panel:
    """One set of axes with WER upwards, and what its labels must keep clear of."""

    axes: Axes
    test_set: str
    comparisons: Comparisons
    labels: list[Label] = field(default_factory=list)
    obstacles: list[Segment] = field(default_factory=list)

    def draw_front(self, front: list[Row], size: SizeAxis) -> None:
        """The best WER that a given size buys, as grey steps."""
        points = [(size.millions(row), self.wer(row)) for row in front]
        corners = [corner for a, b in pairwise(points) for corner in (a, (a[0], b[1]))] + points[-1:]
        self.axes.plot(*zip(*corners, strict=True), color="#CCCCCC", linewidth=3.5, zorder=0)
        self.obstacles += pairwise(corners)

    def draw_track(self, members: list[Row], style: Look, front: list[Row], size: SizeAxis) -> None:
        """A method's points over its targets."""
        points = [(size.millions(row), self.wer(row)) for row in members]
        self.axes.plot(*zip(*points, strict=True), color=style.colour, linestyle=style.dashes, linewidth=1.1, alpha=0.8)
        self.obstacles += pairwise(points)
        for point, row in zip(points, members, strict=True):
            self.draw_point(point, row, style, filled=row in front or row.is_dense)
        self.labels.append(Label(members[0].title, points, style.colour))

    def draw_time(self, row: Row, style: Look) -> None:
        """A method's point at one target, with the spread of its time."""
        seconds = known(compression_seconds(row))
        point = (seconds.mean, self.wer(row))
        self.draw_bar((seconds.low, point[1]), (seconds.high, point[1]), style.colour)
        self.draw_point(point, row, style, filled=True)
        self.labels.append(Label(row.title, [point], style.colour))

    def draw_point(self, point: Point, row: Row, style: Look, filled: bool) -> None:
        """A marker and its error bar in WER."""
        colour = to_rgba(style.colour, 1.0 if filled else FAINT)
        low, high = self.bar(row) or (point[1], point[1])
        self.draw_bar((point[0], low), (point[0], high), colour)
        face = style.colour if filled else "white"
        self.axes.plot(*point, style.marker, mec=colour, mfc=face, ms=style.size, zorder=4 if filled else 3)
        if not filled:  # its outline stays visible on top of a filled point
            self.axes.plot(*point, style.marker, mec=colour, mfc="none", ms=style.size, zorder=5)

    def draw_bar(self, start: Point, end: Point, colour: ColorType) -> None:
        """A thin line that labels avoid."""
        self.axes.plot(*zip(start, end, strict=True), color=colour, linewidth=1)
        self.obstacles.append((start, end))

    def bar(self, row: Row) -> Point | None:
        """Ends of a row's error bar in per cent WER."""
        ends = error_bar(row, self.test_set, self.comparisons)
        return (100 * ends[0], 100 * ends[1]) if ends else None

    def wer(self, row: Row) -> float:
        """Mean WER of a finished row in per cent."""
        return 100 * known(row.wer(self.test_set)).mean

    def finish(self, title: str, x_label: str) -> None:
        """Titles, scales, limits with room for the labels, the dense line through it all."""
        self.axes.set_title(title, loc="left", fontweight="bold")
        self.axes.set(xlabel=x_label, ylabel="WER (%)")
        points = [point for label in self.labels for point in label.anchors]
        for which, values in zip("xy", zip(*points, strict=True), strict=False):
            positive = [value for value in values if value > 0]
            if positive and max(positive) > WIDE * min(positive):
                plain_log_axis(self.axes, which)
        self.axes.margins(x=0.18, y=0.12)
        self.axes.autoscale_view()
        if self.comparisons.dense:
            height = self.wer(self.comparisons.dense)
            self.axes.axhline(height, color="black", linewidth=0.9, linestyle=(0, (1, 1.5)), zorder=1)
            low, high = self.axes.get_xlim()
            self.obstacles.append(((low, height), (high, height)))

    def label_dense(self) -> None:
        """Name the dense line where there is room along it."""
        if self.comparisons.dense:
            xs = np.linspace(*self.axes.get_xlim(), 12)[6:-1]
            anchors = [(float(x), self.wer(self.comparisons.dense)) for x in xs]
            self.labels.append(Label(self.comparisons.dense.title, anchors, "black"))


def _crowded(looks: dict[str, Look]) -> bool:
    """Whether the labels go into a column."""
    return len(looks) > MOST_BESIDE


def _panel_inches(looks: dict[str, Look], least: float) -> float:
    """Height of a panel that has room for its labels."""
    return max(least, column_inches(len(looks)) + 0.9) if _crowded(looks) else least


def _place_all(figure: Figure, panels: list[Panel], crowded: bool) -> None:
    """Labels come last: they need every panel's final position."""
    room = [edge_text(panel.axes, panel.labels) for panel in panels if crowded]
    lay_out(figure)
    for text in room:
        text.remove()
    for panel in panels:
        if crowded:
            label_at_edge(panel.axes, panel.labels)
        else:
            place_labels(panel.axes, panel.labels, panel.obstacles)


def _looks(rows: list[Row]) -> dict[str, Look]:
    labels = dict.fromkeys(row.label for row in rows if not row.is_dense)
    dense = {row.label: Look("black", "*", "-", size=9) for row in rows if row.is_dense}
    return dense | {label: look(i) for i, label in enumerate(labels)}


def _by_label(rows: list[Row], test_set: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        if row.wer(test_set):
            groups.setdefault(row.label, []).append(row)
    return groups
