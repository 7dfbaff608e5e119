"""Figures: WER against compression ratio, of our studies and of published systems: one figure per protocol."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmark.report.figures.label_columns import label_line_ends
from benchmark.report.figures.labels import Label, Point, Segment, place_labels
from benchmark.report.figures.style import Look, figure_style, lay_out, look, plain_log_axis, save
from paper_figs import pages
from paper_figs.pages import measured
from paper_figs.published import CTC, TEST_SETS, WHISPER, Published, by_protocol
from paper_figs.rows import Row
from paper_figs.studies import Study
from paper_figs.unstated_model import NOT_STATED

FIGURES = {CTC: "wer_against_ratio", WHISPER: "whisper_wer_against_ratio"}
PROTOCOL = {
    CTC: "Protocol: CTC fine-tuning, greedy, no language model; not comparable with Whisper's WERs.",
    WHISPER: "Protocol: Whisper, greedy, words counted after its normaliser; not comparable with CTC models' WERs.",
}
DENSE = Look("black", "*", "-", size=9)
MARGIN = 0.55  # for the lines' labels, as a share of the ratios' range
WIDE = 3.0  # if WERs differ by more than this factor, their axis is logarithmic
OURS = "Lines: our methods over their targets; bars: lowest to highest seed. Open diamonds: published."
PUBLISHED = "Open diamonds: published. Nothing of ours: no study of this page has this protocol and all of test-clean."


def build(studies: Sequence[Study], published: Sequence[Published], out: Path) -> None:
    """Write <figure>.png and .pdf for each protocol of which there is more to show than published dense models."""
    groups = by_protocol(list(published))
    for protocol, name in FIGURES.items():
        ours = comparable(studies, protocol)
        if ours or not all(row.is_dense for row in groups[protocol]):
            with figure_style():
                save(draw(ours, groups[protocol], PROTOCOL[protocol]), out, name)


def comparable(studies: Sequence[Study], protocol: str) -> list[Study]:
    """The measured studies of a protocol with a test set that published numbers are on."""
    ours = [study for study in measured(studies) if study.about and study.about.protocol == protocol]
    return [study for study in ours if any(map(study.shares_test_set, TEST_SETS))]


def draw(studies: Sequence[Study], published: Sequence[Published], protocol: str) -> Figure:
    """Draw one line of panels per study, one column per test set; without studies, a panel of the published points.

    Published points stand with the study of their model. The caption names those whose model is not known.
    """
    if not studies:
        return _draw_published(published, protocol)
    shown = [[name for name in TEST_SETS if study.shares_test_set(name)] for study in studies]
    columns = max(map(len, shown))
    figure = Figure(figsize=(max(5.2 * columns, 7.4), 4.6 * len(studies) + 0.4), layout="constrained")
    grid = figure.subplots(len(studies), columns, squeeze=False)
    panels = []
    for line, study, test_sets in zip(grid, studies, shown, strict=True):
        for axes in line[len(test_sets) :]:
            axes.remove()
        for axes, test_set in zip(line, test_sets, strict=False):
            panels.append(Panel(axes, test_set))
            panels[-1].draw(study, [row for row in published if row.base_model == study.model])
    unknown = [row for row in published if row.base_model == NOT_STATED]
    left_out = [f"{row.system}, {wer:.2f} % at {row.ratio:.2f}x" for row in unknown if (wer := row.wer["test-clean"])]
    caption = f"{protocol}\n{OURS}" + "".join(f"\nPublished without its model, not drawn: {text}." for text in left_out)
    return _finished(figure, panels, caption)


def _draw_published(published: Sequence[Published], protocol: str) -> Figure:
    figure = Figure(figsize=(7.4, 3.6), layout="constrained")
    panel = Panel(figure.subplots(), "test-clean")
    panel.draw_published(published)
    return _finished(figure, [panel], f"{protocol}\n{PUBLISHED}")


def _finished(figure: Figure, panels: Sequence[Panel], caption: str) -> Figure:
    figure.supxlabel(caption, fontsize=8)
    lay_out(figure)
    for panel in panels:  # labels come last: they need every panel's final position
        panel.write_labels()
    return figure


class Panel:
    """One test set, of one study or of published points alone.

    Attributes:
        lines: labels of methods with several targets, for the right margin.
        points: labels of single points, placed next to them.
        obstacles: segments that the points' labels avoid.
    """

    def __init__(self, axes: Axes, test_set: str) -> None:
        self.axes, self.test_set = axes, test_set
        self.lines: list[Label] = []
        self.points: list[Label] = []
        self.obstacles: list[Segment] = []

    def draw(self, study: Study, published: Sequence[Published]) -> None:
        """Draw a study and the published points of its model, everything except the labels."""
        drawn = 0
        for label, title in study.compared.items():
            rows = [row for row in study.rows if row.label == label and row.ratio and self.test_set in row.wer]
            if rows:
                is_dense = rows[0].family == "dense"
                self._track(title, rows, DENSE if is_dense else look(drawn))
                drawn += not is_dense
        for other in published:
            self._published(other, f"published: {other.system}")
        self._finish(f"{study.model or study.name}, {self.test_set}")
        anchors = [point for label in (*self.lines, *self.points) for point in label.anchors]
        if anchors and max(y for _, y in anchors) > WIDE * min(y for _, y in anchors) > 0:
            plain_log_axis(self.axes, "y")
        if self.lines:
            low, high = min(x for x, _ in anchors), max(x for x, _ in anchors)
            self.axes.set_xlim(right=high + MARGIN * (high - low))

    def draw_published(self, published: Sequence[Published]) -> None:
        """Draw published points alone, each named with its model."""
        for other in published:
            model = "model not stated" if other.base_model == NOT_STATED else other.base_model
            self._published(other, f"{other.system} ({model})")
        self._finish(f"Published, {self.test_set}")
        self.axes.set_ylim(0, 1.2 * max(y for label in self.points for _, y in label.anchors))

    def _track(self, title: str, rows: Sequence[Row], style: Look) -> None:
        points = [(row.ratio or 0.0, 100 * row.wer[self.test_set].mean) for row in rows]
        above = 5 if style is DENSE else 3  # other methods can have dense's ratio too
        self.axes.plot(*zip(*points, strict=True), color=style.colour, linestyle=style.dashes, linewidth=1.1)
        self.axes.plot(*zip(*points, strict=True), style.marker, color=style.colour, ms=style.size, zorder=above)
        self.obstacles += pairwise(points)
        for (x, _), row in zip(points, rows, strict=True):
            low, high = 100 * row.wer[self.test_set].low, 100 * row.wer[self.test_set].high
            self.axes.plot([x, x], [low, high], color=style.colour, linewidth=1)
            self.obstacles.append(((x, low), (x, high)))
        (self.lines if len(points) > 1 else self.points).append(Label(title, points, style.colour))

    def _published(self, other: Published, name: str) -> None:
        """Draw a published point, if it has a WER on this test set."""
        wer = other.wer.get(self.test_set)
        if wer is None:
            return
        point: Point = (other.ratio, wer)
        self.axes.plot(*point, "D", mfc="none", mec="black", ms=8, mew=1.3, zorder=6)
        self.obstacles.append((point, point))
        self.points.append(Label(f"{name}, {wer:.2f} %", [point], "black"))

    def _finish(self, title: str) -> None:
        """Set the title, and limits with room for the labels."""
        self.axes.set_title(title, loc="left", fontweight="bold")
        self.axes.set(xlabel="compression ratio", ylabel="WER (%)")
        self.axes.margins(x=0.18, y=0.12)
        self.axes.autoscale_view()

    def write_labels(self) -> None:
        """Label lines in the margin, in the order of their right ends, and points where there is room."""
        if self.lines:
            right = max(x for label in self.lines for x, _ in label.anchors)
            for label in self.lines:
                x, y = label.anchors[-1]
                self.axes.plot([x, right], [y, y], color=label.colour, linewidth=0.6, scalex=False, scaley=False)
            label_line_ends(self.axes, [Label(n.text, [(right, n.anchors[-1][1])], n.colour) for n in self.lines])
        to_data = self.axes.transData.inverted()
        boxes = [text.get_window_extent().transformed(to_data) for text in self.axes.texts]
        names: list[Segment] = [((box.x0, box.y0), (box.x1, box.y1)) for box in boxes]
        place_labels(self.axes, self.points, [*self.obstacles, *names])


if __name__ == "__main__":
    sys.exit(pages.run([build], __doc__))
