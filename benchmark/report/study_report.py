"""Writes everything in `results/<study>/` except the records: tables, figures, pages."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from benchmark.evaluations.contract import evaluation_names
from benchmark.report.figures.pictures import Picture, draw
from benchmark.report.figures.style import figure_style, save
from benchmark.report.findings.caveats import caveats
from benchmark.report.findings.paper_claims import claims_frame, claims_section, findings_on
from benchmark.report.findings.published_claims import CLAIMS
from benchmark.report.findings.summary import summarise
from benchmark.report.page.document import page
from benchmark.report.prose.filling import markdown_text
from benchmark.report.results_page import readme
from benchmark.report.rows.all_seeds import compare_all_seeds
from benchmark.report.rows.comparisons import compare_rows
from benchmark.report.rows.ranking import in_reading_order
from benchmark.report.rows.rows import table_rows
from benchmark.report.tables.error_kinds import error_frame, error_tables
from benchmark.report.tables.free_removal import free_removal_frame, free_removal_section, removals
from benchmark.report.tables.long_form import long_form
from benchmark.report.tables.main_table import main_frame
from benchmark.report.tables.own_tables import own_tables
from benchmark.report.tables.pairs_table import kept_pairs, pairs_frame
from benchmark.report.tables.reading_table import METHOD, legend, reading_frame, short_frame
from benchmark.report.tables.searches import search_page
from benchmark.report.tables.significance_tables import significance_frame, significance_page
from benchmark.report.tables.typesetting import latex, markdown
from benchmark.runs.collection import Collection, read_collection
from benchmark.study.paths import ResultsFolder
from benchmark.system.files import remove, together, write_text


def write_report(runs_folder: Path, out: Path) -> None:
    """Read the runs of a study and write its tables, figures and pages to `out`, all of them or none.

    Raises:
        UserError: the runs cannot be read, or cannot be compared (see `read_collection`).
    """
    collection = read_collection(runs_folder)
    with together(out) as folder:
        _make(collection, ResultsFolder(runs_folder.parent).searches, folder)
        not_made = [name for name in _not_in_every_study() if not (folder / name).exists()]
    for name in not_made:  # but may be there from an earlier report
        remove(out / name)


def _not_in_every_study() -> list[str]:
    """The tables that only some studies have."""
    return ["free_removal.csv", "claims.csv", *(f"{name}.csv" for name in evaluation_names())]


def _make(collection: Collection, tuning: Path, out: Path) -> None:
    """Write a new report into an empty folder."""
    rows = table_rows(collection)
    comparisons = compare_rows(collection, rows)
    all_seeds = compare_all_seeds(collection, rows, kept_pairs(collection.folder / "pairs.csv", rows))
    rows = in_reading_order(rows, comparisons.test_sets)
    table, numbers = reading_frame(rows, comparisons), main_frame(rows, comparisons, all_seeds)
    lines = legend(rows, comparisons)
    above = caveats(collection, rows)
    main_table: dict[str, object] = {"caveats": above, "table": markdown(table), "legend": lines}
    short = short_frame(table, comparisons.test_sets)
    first: dict[str, object] = {"caveats": above, "table": markdown(short, left=METHOD)}
    write_csv(out / "runs.csv", long_form(collection))
    write_csv(out / "main.csv", numbers)
    write_text(out / "main.md", markdown_text("main.md.jinja", **main_table))
    write_text(out / "short.md", markdown_text("short.md.jinja", **first))
    write_text(out / "main.tex", latex(short, f"Results of the study {collection.study}.", " ".join([*above, *lines])))
    write_csv(out / "significance.csv", significance_frame(comparisons))
    write_csv(out / "pairs.csv", pairs_frame(all_seeds))
    write_text(out / "significance.md", significance_page(rows, comparisons, above))
    free, own = removals(rows, comparisons), own_tables(rows, comparisons.test_sets)
    with figure_style():
        pictures = draw(rows, comparisons, all_seeds, free, own)
        write_figures(pictures, out / "figures")
    if free:
        write_csv(out / "free_removal.csv", free_removal_frame(free))
    for measured in own:
        write_csv(out / f"{measured.name}.csv", measured.frame())
    claimed = findings_on(CLAIMS, rows, comparisons)
    if claimed:
        write_csv(out / "claims.csv", claims_frame(claimed))
    sections = {table.evaluation.section: table.section() for table in own}
    sections |= {"What papers claim": claims_section(claimed, comparisons)} if claimed else {}
    errors = error_frame(collection, rows, comparisons.dense)
    write_csv(out / "errors.csv", errors)
    summary = summarise(rows, comparisons, all_seeds, claimed)
    others = search_page(tuning), free_removal_section(free, rows), sections, summary, error_tables(errors)
    write_text(out / "README.md", readme(collection, rows, comparisons, first | {"legend": lines}, pictures, *others))
    write_text(out / "index.html", page(collection, rows, comparisons, all_seeds, table, numbers, lines, above))


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Write a CSV file in full precision: the shortest digits that read back as the same number."""
    write_text(path, frame.to_csv(index=False))


def write_figures(pictures: list[Picture], folder: Path) -> None:
    """Save the figures in a new folder."""
    folder.mkdir()
    for picture in pictures:
        save(picture.figure, folder, picture.name)
