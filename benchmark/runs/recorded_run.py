"""Checks and copies the folder of a finished run: all of it is checked before it replaces another. No torch."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from benchmark.runs.collection import Run, check_scores, recount
from benchmark.runs.curves import read_curves
from benchmark.runs.reading import read_run
from benchmark.scoring.trn import Transcripts
from benchmark.study.paths import RunFolder
from benchmark.system.errors import UserError
from benchmark.system.files import atomic_write


def open_run(folder: RunFolder) -> Run:
    """Read the run in a folder and check the form of its record.

    Raises:
        UserError: the folder or one of its files is a link, or the record is damaged or belongs to another run.
    """
    inside: tuple[Path, ...] = (folder.record, folder.curves, folder.transcripts, folder.raw_transcripts)
    inside += (*folder.transcripts.glob("*"), *folder.raw_transcripts.glob("*"))
    for path in (folder.path, *inside):
        refuse_link(path)
    return Run(read_run(folder), folder)


def checked_run(folder: RunFolder, references: Mapping[str, Transcripts]) -> Run:
    """Read the run in a folder and check that it is complete and that its error counts are right.

    Args:
        folder: the run's folder; it has the run's name.
        references: reference transcripts by test set, for all test sets that a finished run is scored on.

    Raises:
        UserError: see `open_run`; or test sets or transcripts are missing, a count does not match them, or the
            curves are damaged.
    """
    run = open_run(folder)
    if run.ok and run.scores.keys() != references.keys():
        has, needs = (", ".join(sorted(names)) for names in (run.scores, references))
        raise UserError(f"{folder.record} has scores on {has}, but the test sets are {needs}; repeat the run")
    check_scores(run, recount(run, references))
    read_curves(folder)
    return run


def refuse_link(path: Path) -> None:
    """Refuse a symbolic link: files outside the folder would be copied as if they belonged to it.

    Raises:
        UserError: the path is a link.
    """
    if path.is_symlink():
        raise UserError(f"{path} is a link: replace it with a copy of what it links to")


def files_of(run: Run) -> list[Path]:
    """Paths of a run's kept files, relative to its folder: record, transcripts and curves, but no weights."""
    folder = run.folder
    optional = [*map(folder.raw_hypotheses, run.scores), folder.curves]
    kept = [folder.record, *map(folder.hypotheses, run.scores), *(path for path in optional if path.exists())]
    return [path.relative_to(folder.path) for path in kept]


def copy_run(run: Run, to: RunFolder) -> None:
    """Replace the folder `to`, as a whole, with a run's kept files."""
    with atomic_write(to.path) as partial:
        for path in files_of(run):
            (partial / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(run.folder / path, partial / path)
