"""Table: published numbers by protocol with their sources, next to ours at the nearest compression ratio."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from benchmark.report.tables.typesetting import text_column
from paper_figs import pages
from paper_figs.main_table import wer_cell
from paper_figs.pages import NOT_RUN, NOTHING, Page, Part
from paper_figs.published import CTC, PROTOCOLS, TEST_SETS, Published, by_protocol
from paper_figs.studies import GATES, Row, Study

NOT_GIVEN = "not given"
OTHER_TEST_SET = "other test set"
LEGEND = (
    "The two protocols give different numbers and are never ranked together. Not given: the source has no such number. "
    "GPU h: hours of compression. Ours: of dense and the self-pinching gates the row with the nearest ratio, as ratio: "
    "WER on test-clean / test-other, marked against dense as in the main table; - where the base model is another; "
    "other test set: our set is not all of LibriSpeech's, so that nothing can stand beside a published number."
)


def build(studies: Sequence[Study], published: Sequence[Published], out: Path) -> None:
    """Write published_table.md, .tex and .csv."""
    parts, numbers = [], []
    for protocol, rows in by_protocol(list(published)).items():
        beside = studies if protocol == CTC else ()
        cells = pd.DataFrame([_published(row) | _beside(row, beside) | {"source": row.source} for row in rows])
        ours = len(beside) * text_column(0.18)
        columns = f"l{text_column(0.2)}rrlrrr{ours}{text_column(0.32)}"
        parts.append(Part(protocol, cells, PROTOCOLS[protocol], columns))
        numbers += [_line(row, study) for row in rows for study in beside or (None,)]
    title = "Published numbers and ours"
    pages.write_page(out, "published_table", Page(title, LEGEND, parts, pd.DataFrame(numbers)))


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


def _beside(row: Published, studies: Sequence[Study]) -> dict[str, str]:
    return {f"ours: {study.title}": _ours(row, study) for study in studies}


def _ours(row: Published, study: Study) -> str:
    if study.base_model and study.base_model not in row.base_model:
        return NOTHING
    mine = nearest(study, row.ratio)
    if mine is None:
        return NOT_RUN
    if not any(study.shares_test_set(test_set) for test_set in TEST_SETS):
        return OTHER_TEST_SET
    cells = [wer_cell(mine, name) if study.shares_test_set(name) else OTHER_TEST_SET for name in TEST_SETS]
    return f"{mine.ratio:.2f}x: {' / '.join(cells)}"


def nearest(study: Study, ratio: float) -> Row | None:
    """The finished row of dense or the gates with the nearest ratio."""
    rows = [row for row in study.rows if row.ratio and (row.family == "dense" or row.label == GATES)]
    return min(rows, key=lambda row: abs((row.ratio or 0) - ratio), default=None)


def _line(row: Published, study: Study | None) -> dict[str, object]:
    """A published row, and a study's numbers that may be shown next to it."""
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
        "our_study": study.name if study else None,
        "our_cell": _ours(row, study) if study else None,
    }
    comparable = study if study and (study.base_model is None or study.base_model in row.base_model) else None
    mine = nearest(comparable, row.ratio) if comparable else None
    line |= {"our_label": mine.label if mine else None, "our_target": mine.target if mine else None}
    line |= {"our_ratio": mine.ratio if mine else None}
    for name in TEST_SETS:
        shown = mine.wer.get(name) if mine and comparable and comparable.shares_test_set(name) else None
        line[f"our_{name}_wer_percent"] = 100 * shown.mean if shown else None
    return line


if __name__ == "__main__":
    sys.exit(pages.run([build], __doc__))
