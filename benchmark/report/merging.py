"""The finished runs of one study from several machines, in one folder."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from benchmark.errors import UserError
from benchmark.files import read_json, whole
from benchmark.records import PLANNED, RunRecord, read_record

COMPARABLE = ("study", "data_hash", "dense_hash")  # what all runs of one table have in common


@dataclass(frozen=True)
class Found:
    """A run's record and the folder that it lies in: `<runs>/<run>`."""

    record: RunRecord
    folder: Path

    @property
    def worth(self) -> tuple[bool, str]:
        """What decides between two runs of one identity: whether there is a result, then which was started last."""
        return self.record["status"] != "failed", self.record["provenance"]["started"]


def merge(sources: list[Path], target: Path) -> list[str]:
    """Bring the runs of `sources` into `target`, each whole; what lies in `target` takes part, and wins a tie.

    Of each identity the newest complete run is kept; a failed one never replaces one with a result. References and
    searches of settings are copied where `target` has none beside it. Nothing is written before all is checked.

    Args:
        sources: folders `<run>/run.json` with what a study publishes: `hyp/`, `curves.csv`.
        target: the folder to bring them to; made if it is not there.

    Returns:
        A line a run: what was taken from where.

    Raises:
        UserError: a folder holds no runs, or two runs belong to different studies, data or dense models, or have one
            name and two identities, or two searches of a method chose different settings.
    """
    lines: list[str] = []
    found: list[Found] = []
    for runs in dict.fromkeys([target, *sources]):
        found += _runs_in(runs, lines, may_be_empty=runs not in sources)
    for field in COMPARABLE:
        _require_same(found, field)
    names = {run.folder.name: [other for other in found if other.folder.name == run.folder.name] for run in found}
    for candidates in names.values():
        _require_same(candidates, "identity")
    _require_same_searches([target, *sources])
    for name in sorted(names):
        lines.append(f"{name}: {_keep_best(names[name], target / name)}")
    for pattern in ("ref/*.trn", "tuning/*.json", PLANNED):
        _copy_missing(pattern, sources, target)
    return lines


def _runs_in(runs: Path, lines: list[str], *, may_be_empty: bool) -> list[Found]:
    """The complete runs of a folder; each of the others gets a line."""
    found = [Found(read_record(path), path.parent) for path in sorted(runs.glob("*/run.json"))]
    if not found and not may_be_empty:
        raise UserError(f"no runs in {runs} (expected <run>/run.json): name a folder such as results/<study>/runs")
    complete = []
    for run in found:
        transcripts = [Path("hyp", f"{test_set}.trn") for test_set in run.record.get("scores", {})]
        absent = [str(path) for path in transcripts if not (run.folder / path).is_file()]
        if absent:
            lines.append(f"{run.folder}: left out, {', '.join(absent)} is missing")
        else:
            complete.append(run)
    return complete


def _require_same(found: list[Found], field: str) -> None:
    for run in found[1:]:
        if run.record[field] != found[0].record[field]:  # type: ignore[literal-required]
            raise UserError(
                f"{found[0].folder} and {run.folder} differ in {field}, so one folder cannot hold both; remove one"
            )


def _keep_best(candidates: list[Found], place: Path) -> str:
    """Copy the best run of a name to its place, unless it lies there; returns its status and where it is from."""
    best = max(candidates, key=lambda run: run.worth)  # the first of equals
    if best.folder != place:
        with whole(place) as partial:
            shutil.copytree(best.folder, partial)
    origin = "kept" if best.folder == place else f"from {best.folder.parent}"
    return f"{best.record['status'].replace('_', ' ')}, {origin}, started {best.record['provenance']['started']}"


def _require_same_searches(folders: list[Path]) -> None:
    """The seeds of a method may come from several machines, but are one row, with one choice of settings."""
    first: dict[str, Path] = {}
    for path in (path for runs in folders for path in sorted((runs.parent / "tuning").glob("*.json"))):
        other = first.setdefault(path.name, path)
        if read_json(other)["chosen"] != read_json(path)["chosen"]:
            raise UserError(f"{other} and {path} chose different settings; remove one, with the runs made with it")


def _copy_missing(pattern: str, sources: list[Path], target: Path) -> None:
    """Copy what lies beside the runs: what the tables count against, what the searches found, what was planned."""
    for runs in sources:
        for path in sorted(runs.parent.glob(pattern)):
            place = target.parent / path.relative_to(runs.parent)
            if not place.exists():
                with whole(place) as partial:
                    shutil.copy(path, partial)
