"""The Pareto plot in Vega-Lite, made with Altair: WER against size, a point per row; the page selects the test set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import altair as alt

from benchmark.report.figures.pareto import LOOKS, SIZES, Point, SizeAxis, families, is_wide, pareto
from benchmark.report.page.colours import LINE, PAPER, chart_configuration, themed
from benchmark.report.rows.comparisons import Comparisons
from benchmark.report.rows.error_bars import bar_meaning
from benchmark.report.rows.rows import Row

SHAPES = {  # Vega's names of matplotlib's markers
    "o": "circle",
    "s": "square",
    "D": "diamond",
    "^": "triangle-up",
    "v": "triangle-down",
    "P": "cross",
    ">": "triangle-right",
    "<": "triangle-left",
}
HERE = "datum.test_set == test_set"  # `test_set` is the parameter that the page's menu sets


def pareto_plots(rows: list[Row], comparisons: Comparisons, anchor: Callable[[Row], str]) -> dict[str, dict[str, Any]]:
    """One Vega-Lite specification per measure of size, by its name; empty if no row with a size has finished.

    Args:
        rows: the study's rows.
        comparisons: their tests, for the error bars.
        anchor: gives the id of the section that a click on a row's point opens.
    """
    if not any(row.finished and row.shrinks_model for row in rows):
        return {}
    return {size.name: _plot(rows, comparisons, size, anchor) for size in SIZES}


def _datum(point: Point, test_set: str, section: str, below: bool) -> dict[str, Any]:
    low, high = point.bar or (None, None)
    return {
        "test_set": test_set,
        "name": point.row.name,
        "label": point.row.label,
        "family": point.row.first["family"],
        "size": point.size,
        "wer": round(point.wer, 3),
        "low": None if low is None else round(low, 3),
        "high": None if high is None else round(high, 3),
        "bar": bar_meaning(point.row) if point.bar else "none",
        "front": point.front,
        "below": below,
        "section": section,
    }


def _plot(rows: list[Row], comparisons: Comparisons, size: SizeAxis, anchor: Callable[[Row], str]) -> dict[str, Any]:
    points = _data(rows, comparisons, size, anchor)
    sizes = [point["size"] for point in points]
    x = alt.X("size:Q", title=size.title, scale=_scale(sizes), axis=alt.Axis(tickCount=6))
    y = alt.Y("wer:Q", title="WER (%)", scale=_scale([point["wer"] for point in points]))
    here = alt.Chart(alt.InlineData(values=points)).transform_filter(HERE)
    shown = families(row for row in rows if row.finished and row.shrinks_model)
    layers = _layers(here.encode(x=x, y=y), shown, size.title, middle=(min(sizes) + max(sizes)) / 2)
    if comparisons.dense:
        is_dense = f"datum.label == '{comparisons.dense.label}'"
        layers.insert(0, here.transform_filter(is_dense).mark_rule(strokeDash=[2, 3]).encode(y=y))
    chart = alt.layer(*layers).add_params(alt.param(name="test_set", value=comparisons.test_sets[0]))
    chart = chart.properties(width="container", height=360)
    specification: dict[str, Any] = chart.to_dict()
    return specification | {"config": chart_configuration()}


def _data(
    rows: list[Row], comparisons: Comparisons, size: SizeAxis, anchor: Callable[[Row], str]
) -> list[dict[str, Any]]:
    """The points of all test sets."""
    data = []
    for test_set in comparisons.test_sets:
        found = pareto(rows, comparisons, test_set, size)
        below = found.front[1::2]  # neighbours on the front have their names on opposite sides
        data += [_datum(point, test_set, anchor(point.row), point in below) for point in found.points]
    return data


def _layers(base: alt.Chart, shown: list[str], size_title: str, middle: float) -> list[alt.Chart]:
    """The front, a line per label, the error bars, the names on the front, and the points; the last is on top."""
    colours = [themed(LOOKS[family].colour) for family in shown]
    colour = alt.Color(
        "family:N",
        scale=alt.Scale(domain=shown, range=colours),
        legend=alt.Legend(orient="bottom", columns=4, title=None, symbolOpacity=1),
    )
    front = base.transform_filter("datum.front")
    bars = base.transform_filter("datum.low != null").mark_rule(strokeWidth=1.5)
    return [
        front.mark_line(interpolate="step-after", color=themed(LINE), strokeWidth=4),
        base.mark_line(strokeWidth=1, opacity=0.6).encode(color=colour, detail="label:N", order="size:Q"),
        bars.encode(y=alt.Y("low:Q", title="WER (%)"), y2="high:Q", color=colour),
        _names(front, middle),
        _points(base, shown, colour, size_title),
    ]


def _names(front: alt.Chart, middle: float) -> alt.Chart:
    """The names of the rows on the front; right of the middle, a name is left of its point."""
    beyond = f"datum.size > {middle}"
    names: alt.Chart = front.mark_text(
        fontSize=11,
        align=alt.expr(f"{beyond} ? 'right' : 'left'"),
        dx=alt.expr(f"{beyond} ? -9 : 9"),
        dy=alt.expr("datum.below ? 16 : -8"),
    ).encode(text="name:N")
    return names


def _points(base: alt.Chart, shown: list[str], colour: alt.Color, size_title: str) -> alt.Chart:
    """The points, filled on the front, with the family's marker and the row's numbers as a tooltip."""
    markers = [SHAPES[LOOKS[family].marker] for family in shown]
    points: alt.Chart = base.mark_point(size=90, strokeWidth=1.8, cursor="pointer", opacity=1).encode(
        color=colour,
        shape=alt.Shape("family:N", scale=alt.Scale(domain=shown, range=markers)),
        fill=alt.when("datum.front").then(colour).otherwise(alt.value(themed(PAPER))),
        tooltip=[
            alt.Tooltip("name:N", title="row"),
            alt.Tooltip("wer:Q", title="WER (%)", format=".2f"),
            alt.Tooltip("size:Q", title=size_title, format=".2f"),
            alt.Tooltip("low:Q", title="bar from", format=".2f"),
            alt.Tooltip("high:Q", title="bar to", format=".2f"),
            alt.Tooltip("bar:N", title="bar"),
        ],
    )
    return points


def _scale(values: list[float]) -> alt.Scale:
    """A scale that is logarithmic if the values lie far apart; it never starts at zero, since no model is there."""
    return alt.Scale(type="log", nice=False, padding=16) if is_wide(values) else alt.Scale(zero=False, padding=16)
