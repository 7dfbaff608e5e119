"""The ranking at a target: one row per method with its WER and interval, and brackets around equal ones."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from benchmark.report.figures.pareto import is_wide, look_of
from benchmark.report.figures.scatter import family_legend
from benchmark.report.figures.style import plain_log_axis
from benchmark.report.rows.all_seeds import AllSeeds
from benchmark.report.rows.rows import Row, known
from benchmark.report.rows.standings import Standing, standings

LINE = 0.19  # inches per row
PANEL, BRACKET = 3.9, 0.09  # inches: the width of a panel, and of one bracket beside it
NUMBERS = 0.5  # inches for the WER in figures
GREY = "#777777"

Bracket = list[int]  # the places of the rows that it joins


def ranking(
    rows: list[Row], target: float | None, test_sets: Sequence[str], all_seeds: AllSeeds, dense: Row | None
) -> Figure:
    """One panel per test set, each sorted by its own WER: the mean over the seeds, its interval, and every seed.

    A bracket on the right joins the rows that share a letter: these do not differ significantly.
    """
    found = [standings(rows, target, test_set, all_seeds) for test_set in test_sets]
    brackets = [_in_columns(of_set) for of_set in found]
    margins = [NUMBERS + BRACKET * (len(columns) + 1) for columns in brackets]
    lines = max(map(len, found))
    height = LINE * (lines + 1) + 1.0
    figure = Figure(figsize=(sum(margins) + (PANEL + 2.1) * len(found), height), layout="constrained")
    widths = [width for margin in margins for width in (PANEL, margin)]
    panels = figure.subplots(1, 2 * len(found), width_ratios=widths, squeeze=False)[0]
    for i, (of_set, test_set) in enumerate(zip(found, test_sets, strict=True)):
        axes, margin = panels[2 * i], panels[2 * i + 1]
        _draw(axes, of_set)
        axes.set_title(test_set, loc="left", fontweight="bold")
        if dense and dense.wer(test_set):
            _mark_dense(axes, known(dense.wer(test_set)).mean, all_seeds.interval(dense, test_set))
        _draw_margin(margin, of_set, brackets[i], margins[i])
        for each in (axes, margin):
            each.set_ylim(lines - 0.4, -0.9)
    family_legend(figure, [standing.row for standing in found[0]], place="outside lower center")
    return figure


def _draw(axes: Axes, found: list[Standing]) -> None:
    for y, standing in enumerate(found):
        look = look_of(standing.row)
        if standing.interval:
            low, high = standing.interval
            axes.plot([100 * low, 100 * high], [y, y], color=look.colour, linewidth=1.6, solid_capstyle="butt")
        if len(standing.seeds) > 1:
            seeds = [100 * wer for wer in standing.seeds]
            axes.plot(seeds, [y] * len(seeds), "|", color=look.colour, markersize=7, markeredgewidth=0.8)
        axes.plot(100 * standing.wer, y, look.marker, color=look.colour, markersize=5)
    axes.set_xlabel("WER (%)")
    _name(axes, found)
    if is_wide(100 * standing.wer for standing in found):
        plain_log_axis(axes, "x")
    else:
        axes.xaxis.set_major_locator(MaxNLocator(6))


def _name(axes: Axes, found: list[Standing]) -> None:
    """Names on the left with their ranks, in the colours of their families."""
    names = [f"{standing.row.title}  {standing.rank.overall if standing.rank else '-':>2}" for standing in found]
    axes.set_yticks(range(len(found)), names, fontsize=8)
    for label, standing in zip(axes.get_yticklabels(), found, strict=True):
        label.set_color(look_of(standing.row).colour)
    axes.tick_params(axis="y", length=0)


def _mark_dense(axes: Axes, wer: float, interval: tuple[float, float] | None) -> None:
    """A dotted line at the WER of the dense model, in a band that is its interval."""
    if interval:
        axes.axvspan(100 * interval[0], 100 * interval[1], color="#EEEEEE", zorder=0)
    axes.axvline(100 * wer, color="black", linewidth=0.9, linestyle=(0, (1, 1.5)), zorder=1)
    axes.text(100 * wer, -0.7, f" dense {100 * wer:.2f}", fontsize=7.5, va="center")


def _in_columns(found: list[Standing]) -> list[list[Bracket]]:
    """The brackets of all letters that several rows share; a column holds those that do not overlap."""
    letters = dict.fromkeys(letter for standing in found for letter in standing.letters)
    columns: list[list[Bracket]] = []
    for letter in letters:
        bracket = [y for y, standing in enumerate(found) if letter in standing.letters]
        if len(bracket) > 1:
            free = next((column for column in columns if column[-1][-1] < bracket[0]), None)
            columns.append([bracket]) if free is None else free.append(bracket)
    return columns


def _draw_margin(axes: Axes, found: list[Standing], columns: list[list[Bracket]], width: float) -> None:
    """The WER in figures, and each bracket as a line with a tick at every row that it joins."""
    axes.set_xlim(0, width)
    axes.axis("off")
    for y, standing in enumerate(found):
        axes.text(NUMBERS - 0.08, y, f"{100 * standing.wer:.1f}", ha="right", va="center", fontsize=8)
    for number, column in enumerate(columns):
        x = NUMBERS + BRACKET * (number + 0.5)
        for bracket in column:
            axes.plot([x, x], [bracket[0] - 0.3, bracket[-1] + 0.3], color=GREY, linewidth=0.9)
            axes.plot([x] * len(bracket), bracket, "_", color=GREY, markersize=3.5, markeredgewidth=1.2)
