"""Table: WER, difference to dense and compression time of each method at each parameter reduction, per study."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from paper_figs import pages
from paper_figs.pages import NOT_RUN, NOTHING, Page, Part, Section, described, measured, not_measured, without_empty
from paper_figs.published import Published
from paper_figs.rows import DIFFERENCE, SPREAD, Row, Spread, percent
from paper_figs.studies import Study

NONE_FINISHED = "none finished"
OWN_SIZE = "own size"
FOLD = "Differences to dense, and compression times"
HOURS_FROM = 7200.0  # seconds
LEGEND = (
    "Rows: the methods that Xu et al. compare (arXiv 2505.22608), and controls. Columns: the share of the weights in "
    "the matrices of the encoder, and of the decoder if there is one, that is removed, and the whole model's "
    "compression ratio; own size: methods that are not asked for a share. With several seeds: mean ± standard "
    "deviation, and for a difference, in points of WER, the lowest and highest end of the seeds' 95 % bootstrap "
    "intervals. Marks (MAPSSWE against dense, two-tailed, 0.05): `*` significant after Holm's correction, `°` only "
    "before it, `ns` not significant, `?` no test possible; `*2/3` means in two of three seeds, `±` that seeds "
    "contradict each other; significant is worse than dense unless `better` stands before it. Compression time is "
    "wall-clock; loading, exporting and evaluation are excluded."
)

Cell = Callable[[Row], str]


def build(studies: Sequence[Study], published: Sequence[Published], out: Path) -> None:
    """Write main_table.md, .tex and .csv."""
    sections = [Section(study.title, described(study, out), _parts(study), FOLD) for study in measured(studies)]
    sections += not_measured(studies)
    numbers = pd.DataFrame([line for study in studies for line in _lines(study)])
    pages.write_page(out, "main_table", Page("Methods by parameter reduction", LEGEND, sections, numbers))


def _parts(study: Study) -> list[Part]:
    """WERs; then, folded, the differences to dense and the times."""
    parts, folded = [], []
    for test_set in study.test_sets:
        wers = _grid(study, lambda row, test_set=test_set: wer_cell(row, test_set))  # type: ignore[misc]
        deltas = _grid(study, lambda row, test_set=test_set: _delta_cell(row, test_set))  # type: ignore[misc]
        parts.append(Part(f"WER % on {test_set}", wers, _unfinished(study)))
        folded.append(Part(f"Difference to dense on {test_set}", deltas, folded=True))
    in_hours = any(row.seconds and row.seconds.mean >= HOURS_FROM for row in study.rows)
    times = _grid(study, lambda row: _time_cell(row, in_hours))
    folded.append(Part(f"Compression time in {'hours' if in_hours else 'seconds'}", times, folded=True))
    return [part for part in (*parts, *folded) if not part.cells.empty]


def _grid(study: Study, cell: Cell) -> pd.DataFrame:
    """One line per method, one column per target; `own size` is for methods without a target."""
    lines = []
    for label, title in study.compared.items():
        takes = study.takes_target(label)
        line = {"method": title, OWN_SIZE: NOTHING if takes else _shown(study.row(label, None), cell)}
        for target in study.targets:
            line[_heading(study, target)] = _shown(study.row(label, target), cell) if takes else NOTHING
        lines.append(line)
    return without_empty(pd.DataFrame(lines))


def _heading(study: Study, target: float) -> str:
    """The share removed, and the resulting ratio."""
    ratios = [row.ratio for row in study.rows if row.target == target and row.ratio is not None]
    return f"{percent(target)} ({statistics.median(ratios):.2f}x)" if ratios else percent(target)


def _shown(row: Row | None, cell: Cell) -> str:
    if row is None:
        return NOT_RUN
    return cell(row) if row.finished else NONE_FINISHED


def wer_cell(row: Row, test_set: str) -> str:
    """WER in per cent, its spread, the mark against dense, and the number of seeds if some are missing."""
    if test_set not in row.wer:
        return NOT_RUN
    parts = [with_sd(row.wer[test_set], 100, 2)]
    if difference := row.against_dense.get(test_set):
        better = difference.better_uncorrected and not difference.worse_uncorrected
        parts.append(f"better{difference.mark}" if better else difference.mark)
    if row.finished < row.planned:
        parts.append(f"({row.finished} of {row.planned} seeds)")
    return " ".join(parts)


def _delta_cell(row: Row, test_set: str) -> str:
    if row.family == "dense":
        return NOTHING
    difference = row.against_dense.get(test_set)
    if difference is None:
        return NOT_RUN
    return f"{100 * difference.delta:+.2f} [{100 * difference.low:+.2f}, {100 * difference.high:+.2f}]"


def _time_cell(row: Row, in_hours: bool) -> str:
    if row.seconds is None:
        return NOT_RUN
    return with_sd(row.seconds, 1 / 3600, 2) if in_hours else with_sd(row.seconds, 1, 0)


def with_sd(spread: Spread, factor: float, digits: int) -> str:
    """Mean, and standard deviation if there are several seeds."""
    mean = f"{factor * spread.mean:.{digits}f}"
    return mean if spread.sd is None else f"{mean} ± {factor * spread.sd:.{digits}f}"


def _unfinished(study: Study) -> str:
    """Says which of the rows shown are not finished, and why."""
    shown = [row for row in study.rows if row.label in study.compared]
    troubled = [f"{row.name}: {row.status}" for row in shown if row.finished < row.planned]
    return f"Not finished: {'; '.join(troubled)}." if troubled else ""


def _lines(study: Study) -> list[dict[str, object]]:
    """One line per row and test set, of all methods."""
    return [
        {
            **{"study": study.name, "model": study.model, "label": row.label, "title": row.title},
            **{"target_sparsity": row.target, "test_set": test_set},
            **_numbers(row, test_set),
        }
        for row in study.rows
        for test_set in study.test_sets
    ]


def _numbers(row: Row, test_set: str) -> dict[str, object]:
    numbers: dict[str, object] = {"state": "run" if row.finished else NONE_FINISHED}
    difference = row.against_dense.get(test_set)
    for name in ("finished", "planned", "sparsity", "ratio"):
        numbers[name] = getattr(row, name)
    for name, spread in ("wer", row.wer.get(test_set)), ("compression_seconds", row.seconds):
        values = list(asdict(spread).values()) if spread else [None] * len(SPREAD)
        numbers |= {f"{name}_{part}": value for part, value in zip(SPREAD, values, strict=True)}
    for part in (*DIFFERENCE, "mark"):
        numbers[f"vs_dense_{part}"] = getattr(difference, part) if difference else None
    return numbers


if __name__ == "__main__":
    sys.exit(pages.run([build], __doc__))
