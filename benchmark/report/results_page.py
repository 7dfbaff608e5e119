"""`README.md` of a results folder: the runs, the table, the figures, what the numbers show and what they do not."""

from __future__ import annotations

from benchmark.report.circumstances import circumstances
from benchmark.report.comparisons import Comparisons
from benchmark.report.findings import find
from benchmark.report.pictures import Picture
from benchmark.report.prose.filling import markdown_text
from benchmark.report.rows import Row
from benchmark.report.typesetting import Markdown
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
) -> Markdown:
    """The whole page; `main_table` has the values of `main.md.jinja`, `sections` further ones by title."""
    return markdown_text(
        "results_page.md.jinja",
        collection=collection,
        dense=comparisons.dense,
        reference=comparisons.reference,
        findings=find(rows, comparisons),
        circumstances=circumstances(collection, rows),
        pictures=pictures,
        searches=searches,
        free_removal=free_removal,
        sections=sections,
        **main_table,
    )
