"""Merges the finished runs of one study from several machines into one folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from benchmark.runs.collection import COMPARABLE, Run, check_scores, recount
from benchmark.runs.reading import read_planned, read_tuning
from benchmark.runs.recorded_run import copy_run, open_run, refuse_link
from benchmark.scoring.trn import read_trn
from benchmark.study.paths import ResultsFolder, RunFolder, recorded_runs
from benchmark.system.errors import UserError
from benchmark.system.files import atomic_write


def merge(sources: list[Path], target: Path) -> list[str]:
    """Copy the runs of `sources` into `target`, each as a whole; runs already in `target` compete and win ties.

    The newest complete run of each identity is kept; a failed run never replaces one with a result. References and
    searches of settings are copied if `target` has none next to it. Nothing is written before everything is checked.

    Args:
        sources: folders that hold `<run>/run.json` and the other published files, `hyp/` and `curves.csv`.
        target: the folder to copy to; created if it does not exist.

    Returns:
        One line per run: what was taken, and from where.

    Raises:
        UserError: a folder holds no runs or is given twice; a file is a link, a record is damaged, or a count does not
            match the transcripts; two runs belong to different studies, data or dense models, or have the same name
            but different identities; two searches of a method chose different settings.
    """
    _require_two(sources, target)
    named = {runs.resolve() for runs in sources}
    folders = [target, *(runs for runs in sources if runs.resolve() != target.resolve())]
    lines: list[str] = []
    found: list[Run] = []
    for runs in folders:
        _check_beside(runs)
        found += _runs_in(runs, lines, may_be_empty=runs.resolve() not in named)
    for field in COMPARABLE:
        _require_same(found, field)
    names = {run.record["run"]: [other for other in found if other.record["run"] == run.record["run"]] for run in found}
    for candidates in names.values():
        _require_same(candidates, "identity")
    _require_same_searches(folders)
    for name in sorted(names):
        lines.append(f"{name}: {_keep_best(names[name], RunFolder(target / name))}")
    for runs in sources:
        _copy_missing(runs, target)
    return lines


def _require_two(sources: list[Path], target: Path) -> None:
    first: dict[Path, Path] = {}
    for runs in sources:
        other = first.setdefault(runs.resolve(), runs)
        if other is not runs:
            raise UserError(f"nothing to merge: {other} and {runs} are the same folder; name each folder once")
    if list(first) == [target.resolve()]:
        raise UserError(f"nothing to merge: {target} is both the only folder and --to; name another folder")


def _runs_in(runs: Path, lines: list[str], *, may_be_empty: bool) -> list[Run]:
    """The complete runs of a folder; each incomplete one adds a line to `lines`."""
    folders = recorded_runs(runs)
    if not folders and not may_be_empty:
        raise UserError(f"no runs in {runs} (expected <run>/run.json): name a folder such as results/<study>/runs")
    spoken = {path.stem: read_trn(path) for path in sorted(ResultsFolder(runs.parent).references.glob("*.trn"))}
    complete = []
    for folder in folders:
        run = open_run(folder)
        transcripts = map(folder.hypotheses, run.scores)
        absent = [str(path.relative_to(folder.path)) for path in transcripts if not path.is_file()]
        if absent:
            lines.append(f"{folder}: left out, because it lacks {', '.join(absent)}")
        else:
            check_scores(run, recount(run, spoken))
            complete.append(run)
    return complete


def _check_beside(runs: Path) -> None:
    """Check the files next to the runs, since they are copied unchanged."""
    for path in _beside(runs):
        refuse_link(path)
    read_planned(ResultsFolder(runs.parent))


def _beside(runs: Path) -> Iterator[Path]:
    """The files next to the runs: references, searches, the list of planned runs, and the name of the study's file."""
    results = ResultsFolder(runs.parent)
    yield from sorted(results.references.rglob("*.trn"))  # `raw/` too: the references before a normaliser
    yield from sorted(results.searches.glob("*.json"))
    yield from (path for path in (results.planned, results.owner) if os.path.lexists(path))


def _require_same(found: list[Run], field: str) -> None:
    for run in found[1:]:
        if run.record[field] != found[0].record[field]:  # type: ignore[literal-required]
            raise UserError(
                f"{found[0].folder} and {run.folder} differ in {field}, so one folder cannot hold both; remove one"
            )


def _keep_best(candidates: list[Run], place: RunFolder) -> str:
    """Copy the best of several runs of one name to `place`, unless it is there; return its status and origin."""
    best = max(candidates, key=_worth)  # the first of equals
    if best.folder != place:
        copy_run(best, place)
    origin = "kept" if best.folder == place else f"from {best.folder.path.parent}"
    return f"{best.record['status'].replace('_', ' ')}, {origin}, started {best.record['provenance']['started']}"


def _worth(run: Run) -> tuple[bool, str]:
    """Sort key for runs of one identity: first whether there is a result, then the start time."""
    return run.record["status"] != "failed", run.record["provenance"]["started"]


def _require_same_searches(folders: list[Path]) -> None:
    """Require the same choice of settings everywhere: a method's seeds from several machines form one row."""
    first: dict[str, Path] = {}
    for path in (path for runs in folders for path in sorted(ResultsFolder(runs.parent).searches.glob("*.json"))):
        other = first.setdefault(path.name, path)
        if read_tuning(other)["chosen"] != read_tuning(path)["chosen"]:
            raise UserError(f"{other} and {path} chose different settings; remove one, and the runs that used it")


def _copy_missing(runs: Path, target: Path) -> None:
    """Copy the files next to the runs that `target` lacks: references, searches and the list of planned runs."""
    for path in _beside(runs):
        place = target.parent / path.relative_to(runs.parent)
        if not place.exists():
            with atomic_write(place) as partial:
                shutil.copyfile(path, partial)
