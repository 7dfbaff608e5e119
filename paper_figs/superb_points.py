"""Figure: published WER against compression ratio with frozen upstreams (SUPERB), separate from CTC fine-tuning."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import cycle, pairwise
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmark.report.figures.labels import Label, Segment, place_labels
from benchmark.report.figures.style import MARKERS, figure_style, lay_out, save
from paper_figs import pages
from paper_figs.published import COMPRESSED_ON, SUPERB, Published, by_protocol
from paper_figs.studies import Study

TEST_SET = "test-clean"
CAPTION = (
    "Protocol: SUPERB, frozen upstream; not comparable with CTC fine-tuning.\n"
    "Black: compressed on 960 hours; white: on 100, a line joins the two of a system; grey: not compressed."
)
TRANSPARENT = (0.0, 0.0, 0.0, 0.2)  # since two points coincide
FACES = dict(zip(COMPRESSED_ON, ("black", "white", "white", TRANSPARENT), strict=True))


def build(studies: Sequence[Study], published: Sequence[Published], out: Path) -> None:
    """Write superb_points.png and .pdf; no study here follows this protocol."""
    with figure_style():
        save(draw(by_protocol(list(published))[SUPERB]), out, "superb_points")


def draw(published: Sequence[Published]) -> Figure:
    """Draw one panel; the marker shows the base model."""
    figure = Figure(figsize=(7.4, 5.6), layout="constrained")
    axes = figure.subplots()
    markers = dict(zip(dict.fromkeys(row.base_model for row in published), cycle(MARKERS), strict=False))
    labels, obstacles = [], list[Segment]()
    for system in dict.fromkeys(row.system for row in published):
        rows = [row for row in published if row.system == system and row.wer[TEST_SET] is not None]
        if not rows:
            continue
        points = [(row.ratio, row.wer[TEST_SET] or 0.0) for row in rows]
        axes.plot(*zip(*points, strict=True), color="#808080", linewidth=0.9, zorder=1)
        for row, point in zip(rows, points, strict=True):
            axes.plot(*point, markers[row.base_model], mfc=FACES[row.data], mec="black", ms=6.5)
        labels.append(Label(system, points, "black"))
        obstacles += [*pairwise(points), *((point, point) for point in points)]
    handles = [
        Line2D([], [], linestyle="", marker=marker, mfc="black", mec="black", label=base_model)
        for base_model, marker in markers.items()
    ]
    axes.legend(handles=handles, title="base model", loc="lower right", frameon=False, fontsize=8)
    axes.set_title(f"SUPERB ASR, {TEST_SET}", loc="left", fontweight="bold")
    axes.set(xlabel="compression ratio", ylabel="WER (%)")
    axes.margins(x=0.12, y=0.1)
    figure.supxlabel(CAPTION, fontsize=8)
    lay_out(figure)
    place_labels(axes, labels, obstacles)
    return figure


if __name__ == "__main__":
    sys.exit(pages.run([build], __doc__))
