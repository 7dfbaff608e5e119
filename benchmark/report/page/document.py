"""Assembles the page from the templates, style and scripts in this folder, and Vega-Lite from vl-convert."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import altair as alt
import pandas as pd
import vl_convert

from benchmark.report.figures.pareto import EQUAL_SIZE, EQUAL_TIME, LOOKS
from benchmark.report.page.colours import themed
from benchmark.report.page.curve_chart import curve_specification
from benchmark.report.page.pareto_chart import pareto_plots
from benchmark.report.page.ranking import ranking, target_key
from benchmark.report.page.scripts.joining import script
from benchmark.report.page.sections import anchor, sections
from benchmark.report.page.table import table_lines
from benchmark.report.page.utterances import embedded_utterances
from benchmark.report.rows.all_seeds import AllSeeds
from benchmark.report.rows.comparisons import Comparisons
from benchmark.report.rows.error_bars import bars_caption
from benchmark.report.rows.rows import Row, percent, target_title
from benchmark.report.tables.reading_table import FIRST
from benchmark.runs.collection import Collection
from benchmark.system.templates import template

HERE = Path(__file__).parent


def page(
    collection: Collection,
    rows: list[Row],
    comparisons: Comparisons,
    all_seeds: AllSeeds,
    reading: pd.DataFrame,
    main: pd.DataFrame,
    legend: list[str],
    caveats: list[str],
) -> str:
    """Return the HTML of `index.html`; everything from a record is escaped.

    Args:
        collection: the study's runs.
        rows: its rows.
        comparisons: their tests.
        all_seeds: their intervals over all seeds.
        reading: the main table as `main.md` shows it.
        main: the same table in numbers, as in `main.csv`.
        legend: the lines below the table.
        caveats: the text above the table.

    Raises:
        UserError: a run's curves or transcripts cannot be read.
    """
    return template(HERE / "index.html.jinja", html=True).render(
        collection=collection,
        lines=table_lines(rows, reading, main, comparisons.reference),
        legend=legend,
        caveats=caveats,
        ranking=ranking(rows, comparisons, all_seeds, _first_anchor),
        first_columns=FIRST,
        target_key=target_key,
        target_title=target_title,
        families={family: themed(look.colour) for family, look in LOOKS.items()},
        plots=pareto_plots(rows, comparisons, _first_anchor),
        bars=bars_caption(rows, comparisons),
        equal_size=percent(EQUAL_SIZE),
        equal_time=percent(EQUAL_TIME),
        curve_specification=curve_specification(),
        sections=sections(rows),
        utterances=embedded_utterances(collection),
        anchor=anchor,
        style=_inline((HERE / "style.css").read_text(encoding="utf-8")),
        script=_inline(script()),
        vega=_inline(_vega()),
        vega_versions=f"{alt.SCHEMA_VERSION.removeprefix('v')} (Altair {version('altair')})",
    )


def _first_anchor(row: Row) -> str:
    """Id of the section on a row's first finished run, or on a failed one."""
    return anchor((row.finished or row.runs)[0])


def _vega() -> str:
    """Vega, Vega-Lite and Vega-Embed in the version that Altair targets."""
    major_minor = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
    return vl_convert.javascript_bundle(vl_version=major_minor)  # type: ignore[call-arg] # its stub asks for a snippet


def _inline(source: str) -> str:
    """Escape a script or style so that it cannot close its own element."""
    return re.sub(r"</(script|style)", r"<\\/\1", source, flags=re.IGNORECASE)
