"""The figure of the WER increase against the share removed, with a line per method."""

from __future__ import annotations

from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb, to_rgba
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from benchmark.report.figures.label_columns import lay_out_with_edge_labels
from benchmark.report.figures.labels import Label
from benchmark.report.figures.pareto import LOOKS, look_of
from benchmark.report.figures.scatter import family_legend
from benchmark.report.figures.style import FAINT
from benchmark.report.prose.filling import plain_text
from benchmark.report.rows.comparisons import Comparisons
from benchmark.report.rows.rows import percent
from benchmark.report.tables.free_removal import Removal

LINEAR = 1.0  # points; larger differences are on a logarithmic scale, since those of the largest targets are huge
TICKS = (-50, -20, -10, -5, -2, -1, -0.5, 0, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)
SPREAD = 0.5  # of the smallest gap between targets, over which the methods stand beside each other


def wer_increase(found: dict[str, list[Removal]], comparisons: Comparisons) -> Figure:
    """One panel per test set; the markers' fill says whether a method is significantly worse than dense.

    Names stand beside the reference method, and the methods that are not worse at the second smallest target.
    """
    figure = Figure(figsize=(6.0 * len(found), 6.2), layout="constrained")
    panels = figure.subplots(1, len(found), squeeze=False, sharey=True)[0]
    labels = [_draw(axes, name, found[name], comparisons) for axes, name in zip(panels, found, strict=True)]
    figure.supxlabel(plain_text("free_removal_note.jinja"), fontsize=8, wrap=True)
    family_legend(figure, [step.row for removal in next(iter(found.values())) for step in removal.steps])
    lay_out_with_edge_labels(figure, dict(zip(panels, labels, strict=True)))
    return figure


def _draw(axes: Axes, test_set: str, of_set: list[Removal], comparisons: Comparisons) -> list[Label]:
    """Draw the panel of a test set; return the labels of its lines."""
    targets = sorted({step.target for removal in of_set for step in removal.steps})
    gap = SPREAD * min(b - a for a, b in pairwise(targets)) / len(of_set)
    labels = []
    for i, removal in enumerate(sorted(of_set, key=_place)):
        named = _named(removal, targets[1], comparisons)
        label = _draw_line(axes, removal, gap * (i - (len(of_set) - 1) / 2), strong=named)
        labels += [label] if named else []
    axes.axhline(0, color="black", linewidth=0.9, linestyle=(0, (1, 1.5)))
    axes.set_title(test_set, loc="left", fontweight="bold")
    axes.set(xlabel="share removed (target)", ylabel="WER difference to dense (points)")
    axes.set_xticks([100 * target for target in targets], [percent(target) for target in targets])
    axes.set_yscale("symlog", linthresh=LINEAR, linscale=0.7)
    axes.yaxis.set_major_locator(FixedLocator(TICKS))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:+g}" if value else "0"))
    axes.minorticks_off()
    axes.tick_params(labelleft=True)
    return labels


def _place(removal: Removal) -> tuple[int, str]:
    return list(LOOKS).index(removal.steps[0].row.first["family"]), removal.label


def _named(removal: Removal, second: float, comparisons: Comparisons) -> bool:
    """Whether a method is the reference, or not significantly worse at the second smallest target."""
    step = removal.at(second)
    if step is not None and not step.worse:
        return True
    reference = comparisons.reference.rows.values() if comparisons.reference else ()
    return any(step.row in reference for step in removal.steps)


def _paler(colour: str) -> tuple[float, ...]:
    """The colour mixed with white, which lets no line shine through."""
    return tuple(0.4 * part + 0.6 for part in to_rgb(colour))


def _draw_line(axes: Axes, removal: Removal, shift: float, *, strong: bool) -> Label:
    """Draw a method's line, intervals and markers; return its label."""
    look = look_of(removal.steps[0].row)
    colour = to_rgba(look.colour, 1.0 if strong else FAINT)
    places = []
    for step in removal.steps:
        if step.verdict is None:
            continue
        x, y = 100 * (step.target + shift), 100 * step.verdict.delta
        places.append((x, y))
        axes.plot((x, x), (100 * step.verdict.low, 100 * step.verdict.high), color=colour, linewidth=0.8)
        face = "white" if step.worse_corrected else _paler(look.colour) if step.worse else look.colour
        axes.plot(x, y, look.marker, mec=look.colour, mfc=face, ms=5 if strong else 3.5, mew=0.8, zorder=4)
    axes.plot(*zip(*places, strict=True), color=colour, linewidth=1.2 if strong else 0.7, zorder=2)
    return Label(removal.title, places, look.colour)
