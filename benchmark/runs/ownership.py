"""Which YAML file a study's results belong to: two files of one name would replace each other's. No torch."""

from __future__ import annotations

import os
from pathlib import Path

from typing_extensions import TypedDict

from benchmark.study.plan import Study
from benchmark.system.errors import UserError
from benchmark.system.files import write_json
from benchmark.system.validated import read_json_as

OWNER = "study.json"  # beside `runs/`


class Owner(TypedDict):
    """`results/<study>/study.json`."""

    file: str  # the study's YAML, relative to the project's folder


def refuse_other_file(study: Study) -> None:
    """See that the study's results were made from this file, or that there are none yet.

    Raises:
        UserError: they were made from another file.
    """
    owner = _owner(study)
    if owner is not None and not (study.path.exists() and owner.samefile(study.path)):
        ours, theirs, results = (os.path.relpath(path, _project(study)) for path in (study.path, owner, study.results))
        raise UserError(
            f"{results} belongs to {theirs}, and the study in {ours} has the same name: give it another `name:`"
        )


def remember_file(study: Study) -> None:
    """Write down which file the study's results are made from."""
    if _owner(study) is None:
        write_json(study.results / OWNER, Owner(file=Path(os.path.relpath(study.path, _project(study))).as_posix()))


def _owner(study: Study) -> Path | None:
    """The file that the results were made from. One that is not there any more, or was renamed, owns nothing."""
    record = study.results / OWNER
    if not record.exists():
        return None
    file = _project(study) / read_json_as(record, Owner)["file"]
    return file if file.exists() else None


def _project(study: Study) -> Path:
    """The folder that holds `results/`."""
    return study.results.parents[1]
