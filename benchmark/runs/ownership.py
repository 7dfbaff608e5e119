"""The link from a study's results to the study, `study.json`: its YAML file and its reference method. No torch."""

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


def refuse_other_file(study: Study) -> None:
    """Refuse a study whose results were made from another file.

    Raises:
        UserError: they were made from another file.
    """
    owner = _owner(study)
    if owner is not None and not (study.path.exists() and owner.samefile(study.path)):
        ours, theirs, results = (os.path.relpath(path, _project(study)) for path in (study.path, owner, study.results))
        raise UserError(
            f"{results} belongs to {theirs}, and the study in {ours} has the same name: give it another `name:`"
        )


def remember_study(study: Study) -> None:
    """Record the YAML file that the study's results are made from, and its reference method."""
    record = study.results.owner
    file = Path(os.path.relpath(study.path, _project(study))).as_posix()
    owner = Owner(file=file, reference=study.reference)
    if not record.exists() or read_json_as(record, Owner) != owner:
        write_json(record, owner)


def reference_label(results: Path) -> str | None:
    """Return the label of the reference method of a results folder; None if the folder names none.

    Raises:
        UserError: `study.json` is damaged.
    """
    record = ResultsFolder(results).owner
    return read_json_as(record, Owner).get("reference") if record.exists() else None


def _owner(study: Study) -> Path | None:
    """The file that the results were made from; None if it was deleted or renamed."""
    record = study.results.owner
    if not record.exists():
        return None
    file = _project(study) / read_json_as(record, Owner)["file"]
    return file if file.exists() else None


def _project(study: Study) -> Path:
    """The folder that holds `results/`."""
    return study.results.path.parents[1]
