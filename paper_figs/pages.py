"""The scripts' common command line, and their output files: a Markdown page, a CSV file, LaTeX for the paper."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmark.report.tables.typesetting import latex, markdown
from benchmark.system.errors import UserError
from benchmark.system.files import write_text
from paper_figs.catalogue import DEFAULT
from paper_figs.published import Published, read_published
from paper_figs.studies import LIBRISPEECH, Study, read_study

NOT_RUN = "not run"
NOT_GIVEN = "not given"
NOTHING = "-"  # for a cell without meaning; a missing value is described in words
EMPTY = (NOT_RUN, NOT_GIVEN, NOTHING)

Build = Callable[[Sequence[Study], Sequence[Published], Path], None]


@dataclass(frozen=True)
class Part:
    """One table: text cells, and the note below. `columns` is LaTeX's format if some columns hold text.

    A folded part is closed on the Markdown page until a reader opens it.
    """

    title: str
    cells: pd.DataFrame
    note: str = ""
    columns: str | None = None
    folded: bool = False


@dataclass(frozen=True)
class Section:
    """A heading, Markdown text below it, and tables; `fold` is the heading that the folded ones are hidden under."""

    title: str
    text: str
    parts: Sequence[Part] = ()
    fold: str = ""


@dataclass(frozen=True)
class Page:
    """Sections that belong together; `legend` applies to all tables, `numbers` are their unrounded values."""

    title: str
    legend: str
    sections: Sequence[Section]
    numbers: pd.DataFrame


def write_page(folder: Path, name: str, page: Page) -> None:
    """Write `<name>.md`, `<name>.tex` (one table per part, each with the legend) and `<name>.csv`, all atomically."""
    blocks = [f"# {page.title}", _folded("How to read the tables", [page.legend])]
    for section in page.sections:
        blocks += [f"## {section.title}", section.text]
        for part in section.parts:
            blocks += [] if part.folded else [f"### {part.title}" if part.title else "", *_table(part)]
        folded = [part for part in section.parts if part.folded]
        inside = [block for part in folded for block in (f"### {part.title}", *_table(part))]
        blocks.append(_folded(section.fold, inside) if folded else "")
    write_text(folder / f"{name}.md", "\n\n".join(block for block in blocks if block) + "\n")
    tables = [_latex(section, part, page.legend) for section in page.sections for part in section.parts]
    write_text(folder / f"{name}.tex", "\n".join(tables) or "% Nothing has been measured yet.\n")
    write_text(folder / f"{name}.csv", page.numbers.to_csv(index=False))


def _table(part: Part) -> list[str]:
    return [markdown(part.cells).strip(), part.note]


def _folded(summary: str, blocks: Sequence[str]) -> str:
    inside = [block for block in blocks if block]
    return "\n\n".join([f"<details><summary>{summary}</summary>", *inside, "</details>"])


def _latex(section: Section, part: Part, legend: str) -> str:
    caption = f"{section.title}: {part.title}." if part.title else f"{section.title}."
    return latex(part.cells, caption, f"{part.note} {legend}".strip(), part.columns)


def without_empty(cells: pd.DataFrame) -> pd.DataFrame:
    """Text cells without the columns, and then the rows, in which nothing stands; the first column holds names."""
    if cells.empty:
        return cells
    names, rest = cells.iloc[:, :1], cells.iloc[:, 1:]
    filled = ~rest.isin(EMPTY)
    kept = rest.loc[filled.any(axis=1), filled.any(axis=0)]
    return names.loc[kept.index].join(kept)


def measured(studies: Sequence[Study]) -> list[Study]:
    """The studies with results."""
    return [study for study in studies if study.has_run]


def described(study: Study, out: Path) -> str:
    """One sentence on a measured study, all numbers from its files, with a link from `out` to its own page."""
    dense = study.dense.remaining if study.dense else None
    size = f" ({dense / 1e6:.1f} M parameters)" if dense else ""
    what = f"{study.model}{size}, {study.about.data}" if study.about else f"The study {study.name}{size}"
    tests = [f"{name} ({_size_of(study, name)})" for name in study.test_sets]
    page = Path(os.path.relpath(study.folder / "README.md", out)).as_posix()
    made = f"{study.finished} of {study.planned} planned runs are made"
    said = f"{what}, tested on {' and '.join(tests)}; {made} ([all methods and figures]({page}))."
    return " ".join(filter(None, [said, remarked(study)]))


def remarked(study: Study) -> str:
    """What the records say of the study's audio, as a sentence; empty if they say nothing."""
    return f"Remarks: {'; '.join(study.remarks)}." if study.remarks else ""


def _size_of(study: Study, test_set: str) -> str:
    if test_set not in study.utterances:
        return "no result yet"
    size = f"{study.utterances[test_set]:,} utterances"
    if study.shares_test_set(test_set):
        return f"all {size}"
    return f"{size}, not LibriSpeech's whole set" if test_set in LIBRISPEECH else size


def not_measured(studies: Sequence[Study]) -> list[Section]:
    """A section with one line per study without results: what it is, and the command that runs it."""
    lines = [
        f"- `{study.name}`: {study.about.model}, {study.about.data}. Run it with "
        f"`snakemake -j4 all --configfile config/{study.name}.yaml`."
        for study in studies
        if study.about and not study.has_run
    ]
    return [Section("Not measured yet", "\n".join(lines))] if lines else []


def run(builds: Sequence[Build], description: str | None, arguments: list[str] | None = None) -> int:
    """Read the studies and published.csv, and call each script; return 0 on success, 2 on a user error."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("study", nargs="?", help=f"a study in results/ (default: {', '.join(DEFAULT)})")
    parser.add_argument(
        "--results",
        type=Path,
        default=Path("results"),
        metavar="DIR",
        help="the folder of the studies (default: results)",
    )
    args = parser.parse_args(arguments)
    out = args.results / args.study / "paper" if args.study else args.results / "paper"
    try:
        studies = [read_study(name, args.results) for name in ([args.study] if args.study else DEFAULT)]
        published = read_published()
        for build in builds:
            build(studies, published, out)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"written: {out}")
    return 0
