"""`README.md` of a results folder: the runs, the table, the figures, what the numbers show and what they do not."""

from __future__ import annotations

from benchmark.report.figures.pictures import RANKING, Picture
from benchmark.report.findings.circumstances import circumstances
from benchmark.report.findings.evidence import find
from benchmark.report.findings.summary import Summary, named
from benchmark.report.prose.filling import markdown_text
from benchmark.report.prose.wording import verb
from benchmark.report.rows.comparisons import Comparisons
from benchmark.report.rows.rows import Row, target_heading
from benchmark.report.tables.typesetting import Markdown
from benchmark.runs.collection import Collection


def readme(
    collection: Collection,
    rows: list[Row],
    comparisons: Comparisons,
    main_table: dict[str, object],
    pictures: list[Picture],
    searches: Markdown,
    free_removal: Markdown,
    sections: dict[str, Markdown],
    summary: Summary | None,
    errors: dict[str, Markdown],
) -> Markdown:
    """The whole page.

    Args:
        collection: the study's runs.
        rows: its rows.
        comparisons: their tests.
        main_table: the values of `short.md.jinja`.
        pictures: all figures; those of the ranking stand first.
        searches: the table of the searches.
        free_removal: how much each method can remove.
        sections: further sections by title.
        summary: the study in a few sentences.
        errors: the tables of `errors.csv` by test set.
    """
    return markdown_text(
        "results_page.md.jinja",
        collection=collection,
        dense=comparisons.dense,
        reference=comparisons.reference,
        findings=find(rows, comparisons),
        circumstances=circumstances(collection, rows),
        rankings=[picture for picture in pictures if picture.name.startswith(RANKING)],
        pictures=[picture for picture in pictures if not picture.name.startswith(RANKING)],
        summary=summary,
        named=named,
        target_heading=target_heading,
        verb=verb,
        errors=errors,
        searches=searches,
        free_removal=free_removal,
        sections=sections,
        **main_table,
    )
