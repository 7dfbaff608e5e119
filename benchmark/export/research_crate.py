"""Writes a run's record and transcripts as an RO-Crate, which archives of research data read.

The profile is Process Run Crate 0.5 (https://w3id.org/ro/wfrun/process): what was executed, with which inputs, and what
came out. The weights stay out; `export` writes them.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.runs.recorded_run import files_of, open_run
from benchmark.study.paths import RunFolder
from benchmark.system.errors import UserError
from benchmark.system.files import atomic_write

if TYPE_CHECKING:
    from rocrate.rocrate import ROCrate

    from benchmark.runs.collection import Run
    from benchmark.runs.records import RunRecord

PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
MEDIA_TYPES = {".json": "application/json", ".csv": "text/csv", ".trn": "text/plain"}


def require_rocrate() -> None:
    """Raise a UserError if rocrate, an optional dependency, is not installed."""
    if find_spec("rocrate") is None:
        raise UserError("crate needs a package that is not installed: pip install -e '.[crate]'")


def write_crate(run: Path, to: Path, licence: str) -> None:
    """Write a finished run, or one that failed, to the folder `to`, completely or not at all.

    Args:
        run: the run's folder, in a study's work folder or in its results.
        to: a new or empty folder.
        licence: the address of the licence under which the crate is published.

    Raises:
        UserError: rocrate is not installed, `to` is not empty, or `run` has no record or a damaged one.
    """
    require_rocrate()
    from rocrate.rocrate import ROCrate

    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise UserError(f"{to} already exists: choose another folder for --to, or remove it")
    found = open_run(RunFolder(run))
    crate = ROCrate(version="1.1")
    _describe(crate, found.record, licence)
    files = [
        crate.add_file(run / path, str(path), properties={"encodingFormat": MEDIA_TYPES[path.suffix]})
        for path in files_of(found)
    ]
    action = crate.add_action(
        _suite(crate, found.record),
        "#run",
        object=_values(crate, "input", _inputs(found.record)),
        result=[*files, *_values(crate, "output", _outputs(found))],
        properties=_course(found.record),
    )
    crate.root_dataset["mentions"] = action
    with atomic_write(to) as partial:
        crate.write(partial)


def _describe(crate: ROCrate, record: RunRecord, licence: str) -> None:
    from rocrate.model.contextentity import ContextEntity

    crate.name = f"Run {record['run']} of the study {record['study']}"
    crate.description = (
        f"{record['title']}: the record, the transcripts and the training curves of a compressed speech model, "
        "made with pinchbench. run.json has all numbers."
    )
    known = {"@type": "CreativeWork", "name": licence}
    crate.license = crate.add(ContextEntity(crate, licence, properties=known))
    profile = {"@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}
    crate.root_dataset["conformsTo"] = crate.add(ContextEntity(crate, PROFILE, properties=profile))


def _suite(crate: ROCrate, record: RunRecord) -> Any:
    """The suite at its commit, and the packages that it used."""
    from rocrate.model.softwareapplication import SoftwareApplication

    made = record["provenance"]
    used = {"Python": made["python"], **made["packages"]}
    packages = [
        crate.add(SoftwareApplication(crate, f"#{name}", properties={"name": name, "version": version}))
        for name, version in used.items()
    ]
    known = {"name": "pinchbench", "version": f"commit {made['git_commit']}", "softwareRequirements": packages}
    return crate.add(SoftwareApplication(crate, "#pinchbench", properties=known))


def _course(record: RunRecord) -> dict[str, str]:
    """When the run began, on what, and how it ended."""
    made = record["provenance"]
    ended = "CompletedActionStatus" if record["status"] == "ok" else "FailedActionStatus"
    course = {
        "name": f"Compression with {record['title']}",
        "description": f"{made['device']}; {made['cpu']}; {made['cores']} cores",
        "startTime": made["started"],
        "actionStatus": f"http://schema.org/{ended}",
    }
    return course if record["reason"] is None else course | {"error": record["reason"]}


def _inputs(record: RunRecord) -> dict[str, Any]:
    """What determines the run."""
    budget = record["budget"]
    return {
        "method": record["method"],
        "share of weights to remove": record["target_sparsity"],
        "seed": record["seed"],
        f"budget ({budget['kind']})": budget["limit"],
        **{f"setting {name}": value for name, value in record["settings"].items()},
        "SHA-256 of the corpus": record["data_hash"],
        "SHA-256 of the dense model": record["dense_hash"],
    }


def _outputs(run: Run) -> dict[str, Any]:
    """The numbers that people look for."""
    outputs = {f"WER on {test_set}": score["wer"] for test_set, score in run.scores.items()}
    if run.ok:
        outputs["remaining parameters"] = run.record["footprint"]["remaining_parameters"]
    return outputs | {"compression seconds": run.record["compression_seconds"]}


def _values(crate: ROCrate, kind: str, values: dict[str, Any]) -> list[Any]:
    """Property values; what is None is left out."""
    from rocrate.model.contextentity import ContextEntity

    said = {name: value for name, value in values.items() if value is not None}
    return [
        crate.add(
            ContextEntity(
                crate, f"#{kind}-{number}", properties={"@type": "PropertyValue", "name": name, "value": value}
            )
        )
        for number, (name, value) in enumerate(said.items(), start=1)
    ]
