"""Table: published numbers by protocol with their sources, next to ours at the nearest compression ratio."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from benchmark.report.tables.typesetting import text_column
from paper_figs import pages
from paper_figs.catalogue import GATES
from paper_figs.main_table import wer_cell
from paper_figs.pages import NOT_GIVEN, NOTHING, Page, Part, Section, measured, remarked, without_empty
from paper_figs.published import PROTOCOLS, TEST_SETS, Published, by_protocol
from paper_figs.rows import Row
from paper_figs.studies import Study
from paper_figs.unstated_model import NOT_STATED

WIDTHS = {"base model": text_column(0.2), "source": text_column(0.32)}  # the other columns are as wide as their text
OF_NEITHER = "The abstract does not say which model has the WER of that row; claims_table.md has the reckoning."
LEGEND = (
    "The protocols give different numbers and are never ranked together. Not given: the source has no such number. "
    "GPU h: hours of compression. Ours: where the base model and the protocol are the same and our test set is all of "
    "LibriSpeech's, the row of dense or of the self-pinching gates with the nearest ratio, as ratio: WER in per cent, "
    "marked against dense as in the main table."
)


def build(studies: Sequence[Study], published: Sequence[Published], out: Path) -> None:
    """Write published_table.md, .tex and .csv."""
    sections, numbers = [], []
    for protocol, rows in by_protocol(list(published)).items():
        beside = [study for study in measured(studies) if any(_mine(row, study) for row in rows)]
        ours = [{f"ours: {study.title}": _ours(row, study) for study in beside} for row in rows]
        lines = [_published(row) | mine | {"source": row.source} for row, mine in zip(rows, ours, strict=True)]
        cells = without_empty(pd.DataFrame(lines))
        of_neither = OF_NEITHER if any(row.base_model == NOT_STATED for row in rows) else ""
        note = " ".join(filter(None, [of_neither, *map(remarked, beside)]))
        sections.append(Section(protocol, PROTOCOLS[protocol], [Part("", cells, note, _format(cells))]))
        numbers += [_line(row, study) for row in rows for study in beside or (None,)]
    title = "Published numbers and ours"
    pages.write_page(out, "published_table", Page(title, LEGEND, sections, pd.DataFrame(numbers)))


def _format(cells: pd.DataFrame) -> str:
    """LaTeX's column format: words left, numbers right."""
    columns = [str(column) for column in cells]
    ours = {column: text_column(0.18) for column in columns if column.startswith("ours")}
    words = {"system": "l", "compressed on": "l", **WIDTHS, **ours}
    return "".join(words.get(column, "r") for column in columns)


def _published(row: Published) -> dict[str, str]:
    cells = {
        "system": row.system,
        "base model": row.base_model,
        "params (M)": _given(row.parameters_millions),
        "ratio": f"{row.ratio:.2f}",
        "compressed on": row.data or NOT_GIVEN,
    }
    cells |= {f"{test_set} WER %": _given(row.wer[test_set]) for test_set in TEST_SETS}
    return cells | {"GPU h": _given(row.gpu_hours, "g")}


def _given(number: float | None, form: str = ".2f") -> str:
    return NOT_GIVEN if number is None else f"{number:{form}}"


def _mine(row: Published, study: Study) -> Row | None:
    """A study's row that may stand beside a published one."""
    protocol = study.about.protocol if study.about else None
    shared = any(study.shares_test_set(test_set) for test_set in TEST_SETS)
    same = (study.model, protocol) == (row.base_model, row.protocol)
    return nearest(study, row.ratio) if same and shared else None


def _ours(row: Published, study: Study) -> str:
    mine = _mine(row, study)
    if mine is None:
        return NOTHING
    wers = [f"{wer_cell(mine, name)} on {name}" for name in TEST_SETS if study.shares_test_set(name)]
    return f"{mine.ratio:.2f}x: {', '.join(wers)}"


def nearest(study: Study, ratio: float) -> Row | None:
    """The finished row of dense or the gates with the nearest ratio."""
    rows = [row for row in study.rows if row.ratio and (row.family == "dense" or row.label == GATES)]
    return min(rows, key=lambda row: abs((row.ratio or 0) - ratio), default=None)


def _line(row: Published, study: Study | None) -> dict[str, object]:
    """A published row, and a study's numbers that may stand beside it."""
    line: dict[str, object] = {
        "protocol": row.protocol,
        "system": row.system,
        "base_model": row.base_model,
        "parameters_millions": row.parameters_millions,
        "compression_ratio": row.ratio,
        "compression_data": row.data,
        **{f"{test_set}_wer_percent": row.wer[test_set] for test_set in TEST_SETS},
        "compression_gpu_hours": row.gpu_hours,
        "source": row.source,
    }
    mine = _mine(row, study) if study else None
    line |= {"our_study": study.name if study and mine else None, "our_label": mine.label if mine else None}
    line |= {"our_target": mine.target if mine else None, "our_ratio": mine.ratio if mine else None}
    for name in TEST_SETS:
        shown = mine.wer.get(name) if study and mine and study.shares_test_set(name) else None
        line[f"our_{name}_wer_percent"] = 100 * shown.mean if shown else None
    return line


if __name__ == "__main__":
    sys.exit(pages.run([build], __doc__))
