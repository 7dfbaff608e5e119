"""The folder of a finished run: checked as a whole before any of it takes the place of something else. No torch."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from benchmark.runs.collection import Run, check_scores
from benchmark.runs.curves import read_curves
from benchmark.runs.reading import read_run
from benchmark.scoring.trn import Transcripts
from benchmark.study.paths import RunFolder
from benchmark.system.errors import UserError
from benchmark.system.files import atomic_write


def open_run(folder: RunFolder) -> Run:
    """The run of a folder, whose record is of the right form.

    Raises:
        UserError: the folder or one of its files is a link, or the record is damaged or another run's.
    """
    inside = (folder.record, folder.curves, folder.transcripts, *folder.transcripts.glob("*"))
    for path in (folder.path, *inside):
        refuse_link(path)
    return Run(read_run(folder), folder)


def checked_run(folder: RunFolder, references: Mapping[str, Transcripts]) -> Run:
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
        raise UserError(f"{folder.record} has scores on {has}, but the test sets are {needs}; repeat the run")
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
    folder = run.folder
    kept = [folder.record, *map(folder.hypotheses, run.scores), *([folder.curves] if folder.curves.exists() else [])]
    return [path.relative_to(folder.path) for path in kept]


def copy_run(run: Run, to: RunFolder) -> None:
    """Let the folder `to` be what is kept of a run, whole."""
    with atomic_write(to.path) as partial:
        for path in files_of(run):
            (partial / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(run.folder / path, partial / path)
