"""The Vega-Lite specification of one training curve; the page's script gives it each run's points."""

from __future__ import annotations

from typing import Any

import altair as alt

from benchmark.report.figures.style import COLOURS
from benchmark.report.page.colours import chart_configuration, themed


def curve_specification() -> dict[str, Any]:
    """The specification for points `{run, step, phase, line, value}`, in which a second run is dashed.

    A curve is interrupted between training phases.
    """
    chart = (
        alt.Chart(alt.InlineData(values=[]))
        .mark_line(strokeWidth=1.3, clip=True)
        .encode(
            x=alt.X("step:Q", title="step", axis=alt.Axis(tickCount=5, format="~s")),
            y=alt.Y("value:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=5, format=".3~g")),
            color=alt.Color(
                "line:N",
                sort=None,
                scale=alt.Scale(range=[themed(colour) for colour in COLOURS]),
                legend=alt.Legend(orient="bottom", columns=3, title=None),
            ),
            strokeDash=alt.StrokeDash("run:N", sort=None, legend=None),
            detail="phase:N",
            tooltip=["line:N", "step:Q", alt.Tooltip("value:Q", format="~g"), "phase:Q"],
        )
    )
    specification: dict[str, Any] = chart.properties(width="container", height=150).to_dict()
    return specification | {"config": chart_configuration()}
