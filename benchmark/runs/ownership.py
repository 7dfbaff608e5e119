"""The link from results to their study, `study.json`: its YAML file and what its tables need of it. No torch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NotRequired

from typing_extensions import TypedDict

from benchmark.study.paths import ResultsFolder
from benchmark.study.plan import Study
from benchmark.system.errors import UserError
from benchmark.system.files import write_json
from benchmark.system.validated import read_json_as


class Owner(TypedDict):
    """`results/<study>/study.json`."""

    file: str  # the study's YAML, relative to the project's folder; no other file of this name may replace the results
    reference: NotRequired[str]  # label of the method that the tables compare every other with
    titles: NotRequired[dict[str, str]]  # the study's own names of rows, by label


def refuse_other_file(study: Study) -> None:
    """Refuse a study whose results were made from another file.

    Raises:
        UserError: they were made from another file.
    """
    file = _file_of_results(study)
    if file is not None and not (study.path.exists() and file.samefile(study.path)):
        ours, theirs, results = (os.path.relpath(path, _project(study)) for path in (study.path, file, study.results))
        raise UserError(
            f"{results} belongs to {theirs}, and the study in {ours} has the same name: give it another `name:`"
        )


def remember_study(study: Study) -> None:
    """Record the YAML file that the study's results are made from, its reference method and its titles."""
    record = study.results.owner
    file = Path(os.path.relpath(study.path, _project(study))).as_posix()
    owner = Owner(file=file, reference=study.reference)
    if titles := {label: options.title for label, options in study.methods.items() if options and options.title}:
        owner["titles"] = titles
    if owner_of(study.results.path) != owner:
        write_json(record, owner)


def owner_of(results: Path) -> Owner | None:
    """Read the `study.json` of a results folder; None if it has none.

    Raises:
        UserError: `study.json` is damaged.
    """
    record = ResultsFolder(results).owner
    return read_json_as(record, Owner) if record.exists() else None


def _file_of_results(study: Study) -> Path | None:
    """The file that the results were made from; None if it was deleted or renamed."""
    owner = owner_of(study.results.path)
    file = _project(study) / owner["file"] if owner else None
    return file if file and file.exists() else None


def _project(study: Study) -> Path:
    """The folder that holds `results/`."""
    return study.results.path.parents[1]
