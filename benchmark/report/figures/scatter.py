"""Plots of WER against cost: size and transcription time (the Pareto plot), and compression time.

Names stand at the Pareto front and at the reference method only; colours tell the families of the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.typing import ColorType

from benchmark.report.figures.labels import Label, Segment, place_labels
from benchmark.report.figures.labels import Point as Place
from benchmark.report.figures.pareto import (
    EQUAL_TIME,
    LOOKS,
    SIZES,
    Point,
    families,
    is_wide,
    look_of,
    pareto,
    pareto_front,
)
from benchmark.report.figures.style import FAINT, Look, lay_out, plain_log_axis
from benchmark.report.rows.comparisons import Comparisons
from benchmark.report.rows.error_bars import bars_caption, error_bar
from benchmark.report.rows.machines import timed_elsewhere
from benchmark.report.rows.measures import compression_seconds
from benchmark.report.rows.rows import Row, known, percent
from benchmark.report.rows.standings import compared_targets


def wer_against_parameters(rows: list[Row], comparisons: Comparisons) -> Figure:
    """One column of panels per test set: by parameters, by bytes on disk, by transcription time, which can all differ.

    A line joins each method's targets; dominated points are hollow and lighter.
    """
    rows = [row for row in rows if row.shrinks_model]
    columns, panels = len(comparisons.test_sets), []
    figure = Figure(figsize=(5.2 * columns, 4.4 * len(SIZES)), layout="constrained")
    for line, size in zip(figure.subplots(len(SIZES), columns, squeeze=False), SIZES, strict=True):
        for axes, test_set in zip(line, comparisons.test_sets, strict=True):
            panel = Panel(axes, test_set, comparisons)
            found = pareto(rows, comparisons, test_set, size)
            panel.draw_front(found.front)
            for track in found.tracks.values():
                panel.draw_track(track)
            panel.finish(test_set, size.title)
            panels.append(panel)
    note = f"Filled points are on the Pareto front (grey line).\n{bars_caption(rows, comparisons)}"
    figure.supxlabel(note, fontsize=8, wrap=True)
    family_legend(figure, rows)
    _place_all(figure, panels)
    return figure


def wer_against_time(rows: list[Row], comparisons: Comparisons) -> Figure:
    """One line of panels per target with several methods, one column per test set.

    Methods without a target are drawn in every line.
    """
    targets: list[float | None] = [target for target in compared_targets(rows) if target is not None] or [None]
    elsewhere = timed_elsewhere(rows)
    columns, panels = len(comparisons.test_sets), []
    figure = Figure(figsize=(5.2 * columns, 3.3 * len(targets) + 0.3), layout="constrained")
    for line, target in zip(figure.subplots(len(targets), columns, squeeze=False), targets, strict=True):
        for axes, test_set in zip(line, comparisons.test_sets, strict=True):
            panel = Panel(axes, test_set, comparisons)
            shown = [row for row in rows if row.target in (target, None) and not row.is_dense and row.wer(test_set)]
            comparable = [row for row in shown if row not in elsewhere]
            rivals = [row for row in comparable if row.target == target]
            front = pareto_front(rivals, test_set, compression_seconds, EQUAL_TIME)
            for row in shown:
                panel.draw_time(row, named=row in front or panel.is_reference(row), comparable=row in comparable)
            panel.finish(f"{test_set}, {percent(target)}" if target is not None else test_set, "compression time (s)")
            panel.label_dense()
            panels.append(panel)
    note = "Hollow points were timed on another kind of machine than most.\n" if elsewhere else ""
    figure.supxlabel(f"{note}{bars_caption(rows, comparisons)}", fontsize=8, wrap=True)
    family_legend(figure, [row for row in rows if not row.is_dense])
    _place_all(figure, panels)
    return figure


def family_legend(
    figure: Figure,
    rows: list[Row],
    place: Literal["outside upper center", "outside lower center"] = "outside upper center",
) -> None:
    """Draw the legend of families, above the panels by default."""
    names = families(row for row in rows if row.finished)
    handles = [Line2D([], [], color=LOOKS[name].colour, marker=LOOKS[name].marker, label=name) for name in names]
    figure.legend(handles=handles, loc=place, ncols=len(names), frameon=False, fontsize=8)


@dataclass
class Panel:
    """One set of axes with WER on the vertical axis, and the obstacles that its labels must avoid."""

    axes: Axes
    test_set: str
    comparisons: Comparisons
    labels: list[Label] = field(default_factory=list)
    points: list[Place] = field(default_factory=list)
    obstacles: list[Segment] = field(default_factory=list)

    def draw_front(self, front: list[Point]) -> None:
        """Draw the best WER at each size, as grey steps."""
        places = [(point.size, point.wer) for point in front]
        corners = [corner for a, b in pairwise(places) for corner in (a, (a[0], b[1]))] + places[-1:]
        self.axes.plot(*zip(*corners, strict=True), color="#CCCCCC", linewidth=3.5, zorder=0)
        self.obstacles += pairwise(corners)

    def draw_track(self, track: list[Point]) -> None:
        """Draw a method's points at its targets."""
        places, look = [(point.size, point.wer) for point in track], track[0].look
        self.axes.plot(*zip(*places, strict=True), color=look.colour, linewidth=1.1, alpha=0.8)
        self.obstacles += pairwise(places)
        for place, point in zip(places, track, strict=True):
            self.draw_point(place, point.bar, look, filled=point.front or point.row.is_dense)
        self.points += places
        if any(point.front for point in track) or track[0].row.is_dense or self.is_reference(track[0].row):
            self.labels.append(Label(track[0].row.title, places, look.colour))

    def is_reference(self, row: Row) -> bool:
        """Whether a row is of the study's reference method."""
        return self.comparisons.reference is not None and row.label == self.comparisons.reference.label

    def draw_time(self, row: Row, named: bool, comparable: bool) -> None:
        """Draw a method's point at one target, with the spread of its time; hollow if its time cannot be compared."""
        seconds, look = known(compression_seconds(row)), look_of(row)
        place = (seconds.mean, self.wer(row))
        bar = error_bar(row, self.test_set, self.comparisons)
        self.draw_bar((seconds.low, place[1]), (seconds.high, place[1]), look.colour)
        self.draw_point(place, (100 * bar[0], 100 * bar[1]) if bar else None, look, filled=comparable)
        self.points.append(place)
        if named:
            self.labels.append(Label(row.title, [place], look.colour))

    def draw_point(self, place: Place, bar: Place | None, look: Look, filled: bool) -> None:
        """Draw a marker and its error bar in WER."""
        colour = to_rgba(look.colour, 1.0 if filled else FAINT)
        low, high = bar or (place[1], place[1])
        self.draw_bar((place[0], low), (place[0], high), colour)
        face = look.colour if filled else "white"
        self.axes.plot(*place, look.marker, mec=colour, mfc=face, ms=look.size, zorder=4 if filled else 3)
        if not filled:  # the outline stays visible on top of a filled point
            self.axes.plot(*place, look.marker, mec=colour, mfc="none", ms=look.size, zorder=5)

    def draw_bar(self, start: Place, end: Place, colour: ColorType) -> None:
        """Draw a thin line that labels avoid."""
        self.axes.plot(*zip(start, end, strict=True), color=colour, linewidth=1)
        self.obstacles.append((start, end))

    def wer(self, row: Row) -> float:
        """Mean WER of a finished row in per cent."""
        return 100 * known(row.wer(self.test_set)).mean

    def finish(self, title: str, x_label: str) -> None:
        """Set titles, scales and limits with room for the labels, and draw the dense line."""
        self.axes.set_title(title, loc="left", fontweight="bold")
        self.axes.set(xlabel=x_label, ylabel="WER (%)")
        for which, values in zip("xy", zip(*self.points, strict=True), strict=False):
            if is_wide(values):
                plain_log_axis(self.axes, which)
        self.axes.margins(x=0.18, y=0.12)
        self.axes.autoscale_view()
        if self.comparisons.dense:
            height = self.wer(self.comparisons.dense)
            self.axes.axhline(height, color="black", linewidth=0.9, linestyle=(0, (1, 1.5)), zorder=1)
            low, high = self.axes.get_xlim()
            self.obstacles.append(((low, height), (high, height)))

    def label_dense(self) -> None:
        """Label the dense line where there is room along it."""
        if self.comparisons.dense:
            xs = np.linspace(*self.axes.get_xlim(), 12)[6:-1]
            anchors = [(float(x), self.wer(self.comparisons.dense)) for x in xs]
            self.labels.append(Label(self.comparisons.dense.title, anchors, "black"))


def _place_all(figure: Figure, panels: list[Panel]) -> None:
    """Place the labels last, since they need every panel's final position."""
    lay_out(figure)
    for panel in panels:
        place_labels(panel.axes, panel.labels, [*panel.obstacles, *((point, point) for point in panel.points)])
