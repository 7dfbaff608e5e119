"""The scripts' common command line, and their output files: a Markdown page, a CSV file, LaTeX for the paper."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmark.report.tables.typesetting import latex, markdown
from benchmark.system.errors import UserError
from benchmark.system.files import write_text
from paper_figs.published import Published, read_published
from paper_figs.studies import PAPER, Study, read_study

NOT_RUN = "not run"
NOTHING = "-"  # for a cell without meaning; a missing value is described in words

Build = Callable[[Sequence[Study], Sequence[Published], Path], None]


@dataclass(frozen=True)
class Part:
    """One table of a page: text cells, and the note below. `columns` is LaTeX's format if some columns hold text."""

    title: str
    cells: pd.DataFrame
    note: str = ""
    columns: str | None = None


@dataclass(frozen=True)
class Page:
    """Tables that belong together; `legend` applies to all of them, `numbers` are their unrounded values."""

    title: str
    legend: str
    parts: Sequence[Part]
    numbers: pd.DataFrame


def write_page(folder: Path, name: str, page: Page) -> None:
    """Write `<name>.md`, `<name>.tex` (one table per part, each with the legend) and `<name>.csv`, all atomically."""
    blocks = [f"# {page.title}", page.legend]
    for part in page.parts:
        blocks += [f"## {part.title}", markdown(part.cells).strip(), part.note]
    write_text(folder / f"{name}.md", "\n\n".join(block for block in blocks if block) + "\n")
    notes = [f"{part.note} {page.legend}".strip() for part in page.parts]
    tables = [latex(p.cells, f"{p.title}.", note, p.columns) for p, note in zip(page.parts, notes, strict=True)]
    write_text(folder / f"{name}.tex", "\n".join(tables))
    write_text(folder / f"{name}.csv", page.numbers.to_csv(index=False))


def run(builds: Sequence[Build], description: str | None, arguments: list[str] | None = None) -> int:
    """Read the studies and published.csv, and call each script; return 0 on success, 2 on a user error."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "study", nargs="?", help=f"a study in results/ (default: those of the paper, {', '.join(PAPER)})"
    )
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
        studies = [read_study(name, args.results) for name in ([args.study] if args.study else PAPER)]
        published = read_published()
        for build in builds:
            build(studies, published, out)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"written: {out}")
    return 0
