"""The folder of a finished run: checked as a whole before any of it takes the place of something else. No torch."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from benchmark.runs.collection import Run, check_scores
from benchmark.runs.curves import FILE as CURVES
from benchmark.runs.curves import read_curves
from benchmark.runs.reading import read_run
from benchmark.scoring.trn import Transcripts
from benchmark.system.errors import UserError
from benchmark.system.files import atomic_write

RECORD, TRANSCRIPTS = "run.json", "hyp"


def open_run(folder: Path) -> Run:
    """The run of a folder, whose record is of the right form.

    Raises:
        UserError: the folder or one of its files is a link, or the record is damaged or another run's.
    """
    for path in (folder, *(folder / name for name in (RECORD, CURVES, TRANSCRIPTS)), *folder.glob(f"{TRANSCRIPTS}/*")):
        refuse_link(path)
    return Run(read_run(folder), folder)


def checked_run(folder: Path, references: Mapping[str, Transcripts]) -> Run:
    """The run of a folder, which is complete and true.

    Args:
        folder: of the run; it has the run's name.
        references: what was said, by test set: all that a finished run is scored on.

    Raises:
        UserError: see `open_run`; or test sets or transcripts are missing, a count does not follow from them, or
            the curves are damaged.
    """
    run = open_run(folder)
    if run.ok and run.scores.keys() != references.keys():
        has, needs = (", ".join(sorted(names)) for names in (run.scores, references))
        raise UserError(f"{folder / RECORD} has scores on {has}, but the test sets are {needs}; repeat the run")
    check_scores(run, references)
    read_curves(folder)
    return run


def refuse_link(path: Path) -> None:
    """See that a path is no link: what that leads to, wherever it is, would be copied as if it belonged here.

    Raises:
        UserError: it is one.
    """
    if path.is_symlink():
        raise UserError(f"{path} is a link: replace it by a copy of what it leads to")


def files_of(run: Run) -> list[Path]:
    """What is kept of a run, relative to its folder: record, transcripts and curves, but no weights."""
    transcripts = [Path(TRANSCRIPTS, f"{test_set}.trn") for test_set in run.scores]
    return [Path(RECORD), *transcripts, *([Path(CURVES)] if (run.folder / CURVES).exists() else [])]


def copy_run(run: Run, to: Path) -> None:
    """Let the folder `to` be what is kept of a run, whole."""
    with atomic_write(to) as partial:
        for path in files_of(run):
            (partial / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(run.folder / path, partial / path)
