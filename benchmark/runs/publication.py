"""From the work folder to the results: records, curves and transcripts, which are kept, but no weights."""

from __future__ import annotations

import shutil
import subprocess
from itertools import chain, count
from pathlib import Path

from benchmark.corpora.manifest import Dataset
from benchmark.runs.collection import Run
from benchmark.runs.error_counts import all_references
from benchmark.runs.ownership import refuse_other_file, remember_study
from benchmark.runs.reading import read_tuning
from benchmark.runs.recorded_run import checked_run, copy_run
from benchmark.runs.records import RunRecord, Tuning
from benchmark.runs.reproduction import Pair, differences, summary
from benchmark.runs.study_status import expected_runs
from benchmark.scoring.trn import write_trn
from benchmark.study.paths import ResultsFolder, RunFolder
from benchmark.study.plan import RunPlan, Study
from benchmark.system.errors import UserError
from benchmark.system.files import atomic_write, remove, write_json


def publish_run(study: Study, plan: RunPlan) -> None:
    """Publish a run that has just finished, unless it has to be compared: that is for `publish`, which sees all runs.

    Raises:
        UserError: the results belong to another file, or something in the run's folder is damaged.
    """
    place = study.results.run(plan.run)
    refuse_other_file(study)
    spoken = _spoken(study)
    run = _finished(study, plan, spoken)
    if not _committed(study.results) and _comparable(run, place, spoken, []) is None:
        copy_run(run, place)
        remember_study(study)


def publish(study: Study, *, replace: bool = False, prune: bool = False) -> list[str]:
    """Bring the records of the results up to date with the work folder.

    Published records stay as they are, with their times, if every run that was made again has the same results.
    Otherwise one's own take their place, so that the times in a table are of one machine. If the published records are
    committed, they stay in any case, and one's own go to `study.work.own_results`.

    Nothing is written before everything that is to be published has been checked.

    Args:
        study: the study.
        replace: let one's own records replace the published ones, whatever the results and committed or not.
        prune: delete the runs that the study does not plan, instead of setting them aside.

    Returns:
        A line for each thing that a reader should know.

    Raises:
        UserError: the results belong to another file, or something in the work folder is damaged.
    """
    refuse_other_file(study)
    spoken = _spoken(study)
    plans = [plan for plan in study.runs if study.work.run(plan.run).record.exists()]
    runs = [_finished(study, plan, spoken) for plan in plans]
    searches = _searches(study)
    lines: list[str] = []
    pairs = _made_again(study, runs, spoken, lines)
    found = differences(pairs)
    apart = bool(found) and not replace and _committed(study.results)
    kept = set() if replace or found else {pair.own["run"] for pair in pairs}
    lines += [*_verdict(study, pairs, replaced=not kept, apart=apart), *found]
    results = study.work.own_results if apart else study.results
    for run in runs:
        if run.record["run"] not in kept:
            copy_run(run, results.run(run.record["run"]))
    for path, search in searches.items():
        _publish_search(path, search, results.searches / path.name, replace=replace)
    for split, texts in spoken.items():
        write_trn(results.reference(split), texts)
    expected = expected_runs(study)
    write_json(results.planned, [plan.run for plan in expected])
    if not apart:
        remember_study(study)
        remove(study.work.own_results.path)  # of an earlier call
    lines += _set_aside_unplanned(study, results, prune=prune or apart)
    published = sum(results.run(plan.run).record.exists() for plan in study.runs)
    return [*lines, f"{published} of {len(expected)} runs are in {_shown(study, results.runs)}"]


def _committed(results: ResultsFolder) -> bool:
    """Whether git tracks any of the results; not where there is no git."""
    if not results.path.is_dir():
        return False
    try:
        done = subprocess.run(["git", "ls-files", "."], cwd=results, capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and bool(done.stdout)


def _spoken(study: Study) -> dict[str, dict[str, str]]:
    """What was said, by test set and utterance."""
    return all_references(study, Dataset.open(study.work.data))


def _finished(study: Study, plan: RunPlan, spoken: dict[str, dict[str, str]]) -> Run:
    """A run of the work folder, checked."""
    run = checked_run(study.work.run(plan.run), spoken)
    if (theirs := run.record["study"]) != study.name:
        raise UserError(
            f"{run.folder} holds a run of the study {theirs}, not of {study.name}: delete it, run the study"
        )
    return run


def _made_again(study: Study, runs: list[Run], spoken: dict[str, dict[str, str]], lines: list[str]) -> list[Pair]:
    """The runs that are published already, beside their published records; adds what cannot be compared to `lines`."""
    pairs = []
    for run in runs:
        published = _comparable(run, study.results.run(run.record["run"]), spoken, lines)
        if published is not None and published != run.record:
            pairs.append(Pair(run.record, published))
    return pairs


def _verdict(study: Study, pairs: list[Pair], *, replaced: bool, apart: bool) -> list[str]:
    """How one's own results compare with the published ones, and what follows from it; a line, or none."""
    if not pairs:
        return []
    if apart:
        ours, theirs = _shown(study, study.work.own_results.path), _shown(study, study.results.path)
        command = f"pinchbench publish {study.name} --replace && pinchbench tables {study.name}"
        return [
            f"{summary(pairs)}. The committed records stay in {theirs}; yours are in {ours} (to replace the committed "
            f"ones: {command}):"
        ]
    if replaced:
        colon = ":" if any(pair.differences() for pair in pairs) else ""
        return [f"{summary(pairs)}; your records replace the published ones{colon}"]
    return [f"{summary(pairs)}: the published records are kept, with their times"]


def _comparable(run: Run, place: RunFolder, spoken: dict[str, dict[str, str]], lines: list[str]) -> RunRecord | None:
    """The published record that a run is compared with: a damaged one is not, nor a failure that was made good."""
    if not place.path.exists():
        return None
    try:
        published = checked_run(place, spoken).record
    except UserError as error:
        lines.append(f"not compared with a damaged record: {error}")
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
        with atomic_write(place) as partial:
            shutil.copyfile(path, partial)


def _is_same_search(search: Tuning, place: Path) -> bool:
    try:
        published = read_tuning(place)
    except UserError:  # there is none, or it is damaged
        return False
    return published["trials"] == search["trials"] and published["chosen"] == search["chosen"]


def _set_aside_unplanned(study: Study, results: ResultsFolder, *, prune: bool) -> list[str]:
    """Move runs that the study does not plan to where no table reads them; or delete them, and those moved before."""
    aside = results.unplanned
    planned = {plan.run for plan in study.runs} | {aside.name}
    stray = [folder for folder in sorted(results.runs.glob("[!.]*/")) if folder.name not in planned]
    if prune:
        before = sorted(aside.glob("*/"))
        for folder in [*stray, *before, aside]:
            remove(folder)
        return [f"deleted {_shown(study, folder)}: {study.path} does not plan it" for folder in [*stray, *before]]
    lines = []
    for folder in stray:
        place = _free(aside / folder.name)
        place.parent.mkdir(exist_ok=True)
        folder.rename(place)
        lines.append(f"moved {_shown(study, folder)} to {_shown(study, place)}: {study.path} does not plan it")
    return lines


def _free(place: Path) -> Path:
    """A path of this name, numbered where that is taken: what was set aside before stays too."""
    numbered = (place.with_name(f"{place.name}-{number}") for number in count(2))
    return next(path for path in chain([place], numbered) if not path.exists())


def _shown(study: Study, path: Path) -> str:
    """A path as it is from the project's folder."""
    return str(path.relative_to(study.results.path.parents[1]))
