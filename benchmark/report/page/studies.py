"""`results/index.html`: a line for each study, from what lies in `results/`, that leads to the study's page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmark.report.page.document import HERE
from benchmark.report.rows.rows import target_title
from benchmark.runs.ownership import owner_of
from benchmark.runs.reading import read_planned
from benchmark.study.file import load_study
from benchmark.study.paths import ResultsFolder
from benchmark.system.errors import UserError
from benchmark.system.files import write_text
from benchmark.system.templates import template

WER = "_wer_mean"  # ends the names of the columns with word error rates


@dataclass(frozen=True)
class Leader:
    """The method with the lowest WER at a target; `target` is its title, and `wer` in per cent."""

    target: str
    method: str
    wer: float


@dataclass(frozen=True)
class StudyLine:
    """A study in short: its numbers on its first test set, which is None as long as no run has finished."""

    name: str
    corpus: str | None
    test_set: str | None
    dense: float | None  # WER in per cent
    methods: int
    finished: int
    planned: int
    leaders: tuple[Leader, ...]


def write_studies_page(results: Path) -> None:
    """Write `index.html` into the folder of all results."""
    write_text(results / "index.html", studies_page(results))


def studies_page(results: Path) -> str:
    """The page on all studies with tables in this folder, by name."""
    folders = sorted(path.parent for path in results.glob("*/main.csv") if (path.parent / "study.json").exists())
    style = (HERE / "style.css").read_text(encoding="utf-8")
    studies = list(_readable(folders))
    return template(HERE / "studies.html.jinja", html=True).render(studies=studies, style=style)


def _readable(folders: list[Path]) -> Iterator[StudyLine]:
    """The lines of the studies; one that cannot be read is named and left out, since this study does not need it."""
    for folder in folders:
        try:
            yield study_line(folder)
        except UserError as error:
            print(f"{folder} is left out of the page on all studies: {error}")


def study_line(folder: Path) -> StudyLine:
    """What the page says of one study.

    Raises:
        UserError: its table or its list of planned runs is damaged, or of another version.
    """
    path = folder / "main.csv"
    try:
        return _line(folder, pd.read_csv(path))
    except (OSError, KeyError, ValueError) as error:  # pandas' own errors are among these
        raise UserError(f"{path} cannot be read ({error}): make the tables of {folder.name} again") from None


def _line(folder: Path, table: pd.DataFrame) -> StudyLine:
    test_set = next((name.removesuffix(WER) for name in table.columns if name.endswith(WER)), None)
    dense = table.loc[table["family"] == "dense", f"{test_set}{WER}"].dropna() if test_set else ()
    return StudyLine(
        name=folder.name,
        corpus=_corpus(folder),
        test_set=test_set,
        dense=100 * float(next(iter(dense))) if len(dense) else None,
        methods=table[~table["family"].isin(["dense", "control"])]["label"].nunique(),
        finished=int(table["finished_runs"].sum()),
        planned=max(int(table["planned_runs"].sum()), len(read_planned(ResultsFolder(folder)))),
        leaders=tuple(_leaders(table, test_set)) if test_set else (),
    )


def _leaders(table: pd.DataFrame, test_set: str) -> Iterator[Leader]:
    """The methods with rank 1, from the smallest target to the largest, before them those without a target."""
    best = table[table[f"{test_set}_rank"] == 1]
    for _, row in best.sort_values("target_sparsity", na_position="first", kind="stable").iterrows():
        target = None if pd.isna(row["target_sparsity"]) else float(row["target_sparsity"])
        yield Leader(target_title(target), str(row["title"]), 100 * float(row[f"{test_set}{WER}"]))


def _corpus(folder: Path) -> str | None:
    """Name of the study's corpus; None if the file of the study cannot be read."""
    try:
        owner = owner_of(folder)
        return load_study(folder.parent.parent / owner["file"]).corpus.name if owner else None
    except UserError:
        return None
