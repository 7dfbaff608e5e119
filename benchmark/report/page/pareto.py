"""The Pareto plot as Vega-Lite, made with Altair: WER against size, a point a row, the test set chosen on the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import altair as alt

from benchmark.report.comparisons import Comparisons
from benchmark.report.error_bars import bar_meaning, error_bar
from benchmark.report.rows import Row, Size, bytes_on_disk, known, pareto_front, remaining_parameters
from benchmark.report.style import COLOURS

WIDE = 3.0  # an axis whose largest value is more than this many times its smallest is logarithmic
SHAPES = ("circle", "square", "diamond", "triangle-up", "cross", "triangle-down", "triangle-right", "triangle-left")
HERE = "datum.test_set == test_set"  # `test_set` is the parameter that the page's menu sets


@dataclass(frozen=True)
class SizeAxis:
    """A way to count size: its name in the page, what its axis says, how it is counted."""

    name: str
    title: str
    of: Size


SIZES = (
    SizeAxis("parameters", "remaining parameters (M)", remaining_parameters),
    SizeAxis("bytes", "weights on disk (MB)", bytes_on_disk),
)


def pareto_plots(rows: list[Row], comparisons: Comparisons, anchor: Callable[[Row], str]) -> dict[str, dict[str, Any]]:
    """A Vega-Lite specification for each way to count size, by its name; none where no row has finished.

    Args:
        rows: the study's rows.
        comparisons: their tests, for the error bars.
        anchor: id of the section that a click on a row's point opens.
    """
    if not comparisons.test_sets:
        return {}
    return {size.name: _plot(_points(rows, comparisons, size, anchor), comparisons, size) for size in SIZES}


def _points(
    rows: list[Row], comparisons: Comparisons, size: SizeAxis, anchor: Callable[[Row], str]
) -> list[dict[str, Any]]:
    points = []
    for test_set in comparisons.test_sets:
        front = pareto_front(rows, test_set, size.of)
        for row in rows:
            wer = row.wer(test_set)
            if wer is None:
                continue
            bar = error_bar(row, test_set, comparisons)
            points.append(
                {
                    "test_set": test_set,
                    "name": row.name,
                    "label": row.label,
                    "family": row.first["family"],
                    "size": known(size.of(row)).mean / 1e6,
                    "wer": round(100 * wer.mean, 3),
                    "low": round(100 * bar[0], 3) if bar else None,
                    "high": round(100 * bar[1], 3) if bar else None,
                    "bar": bar_meaning(row) if bar else "none",
                    "front": row in front,
                    "section": anchor(row),
                }
            )
    return points


def _plot(points: list[dict[str, Any]], comparisons: Comparisons, size: SizeAxis) -> dict[str, Any]:
    data = alt.InlineData(values=points)
    sizes = [point["size"] for point in points]
    x = alt.X("size:Q", title=size.title, scale=_scale(sizes), axis=alt.Axis(tickCount=6))
    y = alt.Y("wer:Q", title="WER (%)", scale=_scale([point["wer"] for point in points]))
    families = sorted({point["family"] for point in points})
    colour = alt.Color(
        "family:N",
        scale=alt.Scale(domain=families, range=list(COLOURS[: len(families)])),
        legend=alt.Legend(orient="bottom", columns=4, title=None, symbolOpacity=1),
    )
    here = alt.Chart(data).transform_filter(HERE)
    base = here.encode(x=x, y=y)
    beyond = f"datum.size > {(min(sizes) + max(sizes)) / 2}"  # in the right half, names stand to the left of points
    layers = [
        base.transform_filter("datum.front").mark_line(interpolate="step-after", color="#ccc", strokeWidth=4),
        base.mark_line(strokeWidth=1, opacity=0.6).encode(color=colour, detail="label:N", order="size:Q"),
        base.transform_filter("datum.low != null")
        .mark_rule(strokeWidth=1.5)
        .encode(y=alt.Y("low:Q", title="WER (%)"), y2="high:Q", color=colour),
        base.transform_filter("datum.front")
        .mark_text(
            fontSize=11,
            align=alt.expr(f"{beyond} ? 'right' : 'left'"),
            dx=alt.expr(f"{beyond} ? -9 : 9"),
            dy=-8,
        )
        .encode(text="name:N"),
        base.mark_point(size=90, strokeWidth=1.8, cursor="pointer", opacity=1).encode(
            color=colour,
            shape=alt.Shape("family:N", scale=alt.Scale(domain=families, range=list(SHAPES[: len(families)]))),
            fill=alt.when("datum.front").then(colour).otherwise(alt.value("white")),
            tooltip=[
                alt.Tooltip("name:N", title="row"),
                alt.Tooltip("wer:Q", title="WER (%)", format=".2f"),
                alt.Tooltip("size:Q", title=size.title, format=".2f"),
                alt.Tooltip("low:Q", title="bar from", format=".2f"),
                alt.Tooltip("high:Q", title="bar to", format=".2f"),
                alt.Tooltip("bar:N", title="bar"),
            ],
        ),
    ]
    if comparisons.dense:
        is_dense = f"datum.label == '{comparisons.dense.label}'"
        layers.insert(0, here.transform_filter(is_dense).mark_rule(strokeDash=[2, 3]).encode(y=y))
    chart = alt.layer(*layers).add_params(alt.param(name="test_set", value=comparisons.test_sets[0]))
    chart = chart.properties(width="container", height=360).configure_view(stroke=None)
    specification: dict[str, Any] = chart.to_dict()
    return specification


def _scale(values: list[float]) -> alt.Scale:
    """Logarithmic where the values lie far apart; never from zero, where no model is."""
    found = [value for value in values if value > 0]
    wide = bool(found) and max(found) > WIDE * min(found)
    return alt.Scale(type="log", nice=False, padding=16) if wide else alt.Scale(zero=False, padding=16)
