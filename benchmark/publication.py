"""From the work folder to `results/<study>/`: records, curves and transcripts, which are kept, but no weights."""

from __future__ import annotations

import shutil
from itertools import chain, count
from pathlib import Path

from benchmark.corpora.manifest import Dataset
from benchmark.errors import UserError
from benchmark.files import remove, whole, write_json
from benchmark.ownership import refuse_other_file, remember_file
from benchmark.progress import expected_runs
from benchmark.recorded_run import RECORD, checked_run, copy_run
from benchmark.records import PLANNED, RunRecord, Tuning, read_tuning
from benchmark.report.collection import Run
from benchmark.reproduction import Pair, differences, summary
from benchmark.score import all_references
from benchmark.scoring.trn import write_trn
from benchmark.study import RunPlan, Study

UNPLANNED = "unplanned"  # in `runs/`: where runs go that the study does not plan any more


def publish_run(study: Study, plan: RunPlan) -> None:
    """Publish a run that has just finished, unless it has to be compared: that is for `publish`, which sees all runs.

    Raises:
        UserError: the results belong to another file, or something in the run's folder is damaged.
    """
    place = study.results / "runs" / plan.run
    refuse_other_file(study)
    spoken = _spoken(study)
    run = _finished(study, plan, spoken)
    if _comparable(run, place, spoken, []) is None:
        copy_run(run, place)
        remember_file(study)


def publish(study: Study, *, replace: bool = False, prune: bool = False) -> list[str]:
    """Bring `runs`, `ref` and `tuning` of the results up to date with the work folder; `planned.json` lists all runs.

    Published records stay as they are, times and all, where every run that was made again has the same results; else
    one's own take their place, so that the times in a table are of one machine. Nothing is written before all that is
    to be published is checked.

    Args:
        study: the study.
        replace: let one's own records take the place of published ones with the same results too.
        prune: delete the runs that the study does not plan, instead of setting them aside.

    Returns:
        A line for each thing that a reader should know.

    Raises:
        UserError: the results belong to another file, or something in the work folder is damaged.
    """
    refuse_other_file(study)
    spoken = _spoken(study)
    plans = [plan for plan in study.runs if (study.work / "runs" / plan.run / RECORD).exists()]
    runs = [_finished(study, plan, spoken) for plan in plans]
    searches = _searches(study)
    lines = _publish_runs(study, runs, spoken, replace=replace)
    for path, search in searches.items():
        _publish_search(path, search, study.results / "tuning" / path.name, replace=replace)
    for split, texts in spoken.items():
        write_trn(study.results / "ref" / f"{split}.trn", texts)
    expected = expected_runs(study)
    write_json(study.results / PLANNED, [plan.run for plan in expected])
    remember_file(study)
    lines += _set_aside_unplanned(study, prune=prune)
    published = sum((study.results / "runs" / plan.run / RECORD).exists() for plan in study.runs)
    return [*lines, f"{published} of {len(expected)} runs are in results/{study.name}/runs"]


def _spoken(study: Study) -> dict[str, dict[str, str]]:
    """What was said, by test set and utterance."""
    return all_references(study, Dataset.open(study.work / "data"))


def _finished(study: Study, plan: RunPlan, spoken: dict[str, dict[str, str]]) -> Run:
    """A run of the work folder, checked."""
    run = checked_run(study.work / "runs" / plan.run, spoken)
    if (theirs := run.record["study"]) != study.name:
        raise UserError(
            f"{run.folder} holds a run of the study {theirs}, not of {study.name}: delete it, run the study"
        )
    return run


def _publish_runs(study: Study, runs: list[Run], spoken: dict[str, dict[str, str]], *, replace: bool) -> list[str]:
    """Copy the runs, but for those that are published with the same results; returns what was found, in lines."""
    lines: list[str] = []
    pairs = []
    for run in runs:
        published = _comparable(run, study.results / "runs" / run.folder.name, spoken, lines)
        if published is not None and published != run.record:
            pairs.append(Pair(run.record, published))
    found = differences(pairs)
    kept = set() if replace or found else {pair.own["run"] for pair in pairs}
    for run in runs:
        if run.record["run"] not in kept:
            copy_run(run, study.results / "runs" / run.folder.name)
    if kept:
        lines.append(f"{summary(pairs)}: the published records are kept, with their times")
    elif pairs:
        lines += [f"{summary(pairs)}; your records replace the published ones{':' if found else ''}", *found]
    return lines


def _comparable(run: Run, place: Path, spoken: dict[str, dict[str, str]], lines: list[str]) -> RunRecord | None:
    """The published record that a run is compared with: a damaged one is not, nor a failure that was made good."""
    if not place.exists():
        return None
    try:
        published = checked_run(place, spoken).record
    except UserError as error:
        lines.append(f"replaced a published run: {error}")
        return None
    made_good = published["status"] == "failed" and run.record["status"] != "failed"
    return None if made_good else published


def _searches(study: Study) -> dict[Path, Tuning]:
    """The searches that the study has made so far, every trial of them, and what was chosen."""
    files = {study.search_file(plan) for plan in study.runs} if study.tuning else set()
    return {path: read_tuning(path) for path in sorted(path for path in files if path is not None and path.exists())}


def _publish_search(path: Path, search: Tuning, place: Path, *, replace: bool) -> None:
    """Copy a search, unless the published one made the same trials, with whatever source of the method."""
    if replace or not _is_same_search(search, place):
        with whole(place) as partial:
            shutil.copyfile(path, partial)


def _is_same_search(search: Tuning, place: Path) -> bool:
    try:
        published = read_tuning(place)
    except UserError:  # there is none, or it is damaged
        return False
    return published["trials"] == search["trials"] and published["chosen"] == search["chosen"]


def _set_aside_unplanned(study: Study, *, prune: bool) -> list[str]:
    """Move runs that the study does not plan to where no table reads them; or delete them, and those moved before."""
    runs = study.results / "runs"
    planned = {plan.run for plan in study.runs} | {UNPLANNED}
    stray = [folder for folder in sorted(runs.glob("[!.]*/")) if folder.name not in planned]
    if prune:
        before = sorted((runs / UNPLANNED).glob("*/"))
        for folder in [*stray, *before, runs / UNPLANNED]:
            remove(folder)
        return [f"deleted {_shown(study, folder)}: {study.path} does not plan it" for folder in [*stray, *before]]
    lines = []
    for folder in stray:
        place = _free(runs / UNPLANNED / folder.name)
        place.parent.mkdir(exist_ok=True)
        folder.rename(place)
        lines.append(f"moved {_shown(study, folder)} to {_shown(study, place)}: {study.path} does not plan it")
    return lines


def _free(place: Path) -> Path:
    """A path of this name, numbered where that is taken: what was set aside before stays too."""
    numbered = (place.with_name(f"{place.name}-{number}") for number in count(2))
    return next(path for path in chain([place], numbered) if not path.exists())


def _shown(study: Study, path: Path) -> str:
    return f"results/{study.name}/{path.relative_to(study.results)}"
