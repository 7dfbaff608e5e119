"""Figure: WER against compression ratio, of our studies and of published systems with the same protocol (CTC)."""

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
from paper_figs.pages import NOT_RUN
from paper_figs.published import CTC, Published, by_protocol
from paper_figs.studies import Row, Study

DENSE = Look("black", "*", "-", size=9)
UNKNOWN_RATIOS = (0.5, 6.0)  # limits of the axis if our study has not been run
MARGIN = 0.55  # for the lines' labels, as a share of the ratios' range
WIDE = 3.0  # if WERs differ by more than this factor, their axis is logarithmic
CAPTION = (
    "Protocol: CTC fine-tuning, greedy, no language model. Lines: our methods over their targets; bars: lowest to "
    "highest seed. Open diamonds: published."
)


def build(studies: Sequence[Study], published: Sequence[Published], out: Path) -> None:
    """Write wer_against_ratio.png and .pdf."""
    with figure_style():
        save(draw(studies, by_protocol(list(published))[CTC]), out, "wer_against_ratio")


def draw(studies: Sequence[Study], published: Sequence[Published]) -> Figure:
    """Draw one line of panels per study, one column per test set."""
    columns = max(len(study.test_sets) for study in studies)
    figure = Figure(figsize=(5.2 * columns, 4.6 * len(studies) + 0.3), layout="constrained")
    grid = figure.subplots(len(studies), columns, squeeze=False)
    panels = []
    for line, study in zip(grid, studies, strict=True):
        for axes in line[len(study.test_sets) :]:
            axes.remove()
        for axes, test_set in zip(line, study.test_sets, strict=False):
            panels.append(Panel(axes, study, test_set))
            panels[-1].draw(published)
    figure.supxlabel(CAPTION, fontsize=8)
    lay_out(figure)
    for panel in panels:  # labels come last: they need every panel's final position
        panel.write_labels()
    return figure


class Panel:
    """One study on one test set.

    Attributes:
        lines: labels of methods with several targets, for the right margin.
        points: labels of single points, placed next to them.
        obstacles: segments that the points' labels avoid.
    """

    def __init__(self, axes: Axes, study: Study, test_set: str) -> None:
        self.axes, self.study, self.test_set = axes, study, test_set
        self.lines: list[Label] = []
        self.points: list[Label] = []
        self.obstacles: list[Segment] = []

    def draw(self, published: Sequence[Published]) -> None:
        """Draw everything except the labels."""
        drawn = 0
        for label, title in self.study.methods.items():
            rows = [row for row in self.study.rows if row.label == label and row.ratio and self.test_set in row.wer]
            if rows:
                is_dense = rows[0].family == "dense"
                self._track(title, rows, DENSE if is_dense else look(drawn))
                drawn += not is_dense
        if self.study.shares_test_set(self.test_set):
            for other in published:
                self._published(other)
        self._finish()

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

    def _published(self, other: Published) -> None:
        """Draw a published point, if it has a WER on this test set and its base model may be this study's."""
        wer, base_model = other.wer.get(self.test_set), self.study.base_model
        if wer is None or (base_model and base_model not in other.base_model):
            return
        point: Point = (other.ratio, wer)
        self.axes.plot(*point, "D", mfc="none", mec="black", ms=8, mew=1.3, zorder=6)
        self.obstacles.append((point, point))
        self.points.append(Label(f"published: {other.system}, {wer:.2f} %", [point], "black"))

    def _finish(self) -> None:
        """Set titles, scales, and limits with room for the labels."""
        state = "" if self.study.has_run else f": {NOT_RUN}"
        title = f"{self.study.base_model or self.study.name}, {self.test_set}{state}"
        self.axes.set_title(title, loc="left", fontweight="bold")
        self.axes.set(xlabel="compression ratio", ylabel="WER (%)")
        anchors = [point for label in (*self.lines, *self.points) for point in label.anchors]
        if not self.study.has_run:
            self.axes.set(xlim=UNKNOWN_RATIOS, ylim=(0, 1.4 * max((y for _, y in anchors), default=10.0)))
            if not anchors:
                self.axes.text(3.25, 7.0, "no published number", color="#4D4D4D", ha="center")
            return
        if max(y for _, y in anchors) > WIDE * min(y for _, y in anchors) > 0:
            plain_log_axis(self.axes, "y")
        self.axes.margins(x=0.18, y=0.12)
        self.axes.autoscale_view()
        if self.lines:
            low, high = min(x for x, _ in anchors), max(x for x, _ in anchors)
            self.axes.set_xlim(right=high + MARGIN * (high - low))

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
