"""Copies records, curves and transcripts, but no weights, from the work folder to the results."""

from __future__ import annotations

import shutil
import subprocess
from itertools import chain, count
from pathlib import Path

from benchmark.corpora.manifest import Dataset
from benchmark.runs.collection import Run
from benchmark.runs.error_counts import all_references, references
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
    """Publish a run that has just finished, unless it must be compared with published runs, which `publish` does.

    Raises:
        UserError: the results belong to another file, or a file in the run's folder is damaged.
    """
    place = study.results.run(plan.run)
    refuse_other_file(study)
    spoken = _spoken(study)
    run = _finished(study, plan, spoken)
    if not _committed(study.results) and _comparable(run, place, spoken, [], with_failures=False) is None:
        copy_run(run, place)
        remember_study(study)


def publish(study: Study, *, replace: bool = False, prune: bool = False) -> list[str]:
    """Update the published records from the work folder.

    If every repeated run has the same results as before, the published records stay unchanged, with their times.
    Otherwise your own records replace them, so that all times in a table come from one machine. Published records that
    are committed always stay, and your own go to `study.work.own_results`.

    Everything to be published is checked before anything is written.

    Args:
        study: the study.
        replace: let your own records replace the published ones in any case, even committed ones.
        prune: delete the runs that the study does not plan instead of setting them aside.

    Returns:
        Lines that tell the user what was published, and how it compares.

    Raises:
        UserError: the results belong to another file, or a file in the work folder is damaged.
    """
    refuse_other_file(study)
    spoken = _spoken(study)
    plans = [plan for plan in study.runs if study.work.run(plan.run).record.exists()]
    runs = [_finished(study, plan, spoken) for plan in plans]
    searches = _searches(study)
    damaged: list[str] = []
    committed = _committed(study.results)
    pairs = _made_again(study, runs, spoken, damaged, with_failures=committed)
    found = differences(pairs)
    apart = bool(found or damaged) and not replace and committed
    kept = set() if replace or found else {pair.own["run"] for pair in pairs}
    lines = [*damaged, *_verdict(study, pairs, found, replaced=not kept, apart=apart), *found]
    results = study.work.own_results if apart else study.results
    for run in runs:
        if run.record["run"] not in kept:
            copy_run(run, results.run(run.record["run"]))
    for path, search in searches.items():
        _publish_search(path, search, results.searches / path.name, replace=replace)
    for split, texts in spoken.items():
        write_trn(results.reference(split), texts)
        if study.evaluation.normalizer != "none":
            write_trn(results.raw_reference(split), references(Dataset.open(study.work.data), split))
    expected = expected_runs(study)
    write_json(results.planned, [plan.run for plan in expected])
    if not apart:
        remember_study(study)
        remove(study.work.own_results.path)  # left by an earlier call
    lines += _set_aside_unplanned(study, results, prune=prune or apart)
    published = sum(results.run(plan.run).record.exists() for plan in study.runs)
    return [*lines, f"{published} of {len(expected)} runs are in {_shown(study, results.runs)}"]


def _committed(results: ResultsFolder) -> bool:
    """Whether git tracks any of the results; False without git."""
    if not results.path.is_dir():
        return False
    try:
        done = subprocess.run(["git", "ls-files", "."], cwd=results, capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and bool(done.stdout)


def _spoken(study: Study) -> dict[str, dict[str, str]]:
    """The reference transcripts, by test set and utterance."""
    return all_references(study, Dataset.open(study.work.data))


def _finished(study: Study, plan: RunPlan, spoken: dict[str, dict[str, str]]) -> Run:
    """Read and check a run of the work folder."""
    run = checked_run(study.work.run(plan.run), spoken)
    if (theirs := run.record["study"]) != study.name:
        raise UserError(
            f"{run.folder} holds a run of the study {theirs}, not of {study.name}: delete it and run the study"
        )
    return run


def _made_again(
    study: Study, runs: list[Run], spoken: dict[str, dict[str, str]], damaged: list[str], *, with_failures: bool
) -> list[Pair]:
    """Pair the runs with published records that differ; see `_comparable`."""
    pairs = []
    for run in runs:
        place = study.results.run(run.record["run"])
        published = _comparable(run, place, spoken, damaged, with_failures=with_failures)
        if published is not None and published != run.record:
            pairs.append(Pair(run.record, published))
    return pairs


def _verdict(study: Study, pairs: list[Pair], found: list[str], *, replaced: bool, apart: bool) -> list[str]:
    """How your own results compare with the published ones, and what was done about it: one line or none."""
    if apart:
        compared = f"{summary(pairs)}. " if pairs else ""
        ours, theirs = _shown(study, study.work.own_results.path), _shown(study, study.results.path)
        command = f"pinchbench publish {study.name} --replace && pinchbench tables {study.name}"
        return [
            f"{compared}The committed records stay in {theirs}; yours are in {ours} (to replace the committed ones: "
            f"{command}){':' if found else ''}"
        ]
    if not pairs:
        return []
    if replaced:
        colon = ":" if found else ""
        return [f"{summary(pairs)}; your records replace the published ones{colon}"]
    return [f"{summary(pairs)}: the published records are kept, with their times"]


def _comparable(
    run: Run, place: RunFolder, spoken: dict[str, dict[str, str]], damaged: list[str], *, with_failures: bool
) -> RunRecord | None:
    """The published record to compare a run with, if there is one.

    None if it is damaged, for which `damaged` gets a line. None also if it failed where the new run did not, unless it
    is to be compared `with_failures`: such a record is simply replaced, if it is not committed.
    """
    if not place.path.exists():
        return None
    try:
        published = checked_run(place, spoken).record
    except UserError as error:
        damaged.append(f"not compared with a damaged record: {error}")
        return None
    made_good = published["status"] == "failed" and run.record["status"] != "failed"
    return None if made_good and not with_failures else published


def _searches(study: Study) -> dict[Path, Tuning]:
    """The searches that the study has completed so far, with all trials and the chosen settings."""
    files = {study.search_file(plan) for plan in study.runs} if study.tuning else set()
    return {path: read_tuning(path) for path in sorted(path for path in files if path is not None and path.exists())}


def _publish_search(path: Path, search: Tuning, place: Path, *, replace: bool) -> None:
    """Copy a search, unless the published one has the same trials; the method's source code may differ."""
    if replace or not _is_same_search(search, place):
        with atomic_write(place) as partial:
            shutil.copyfile(path, partial)


def _is_same_search(search: Tuning, place: Path) -> bool:
    try:
        published = read_tuning(place)
    except UserError:  # the file is missing or damaged
        return False
    return published["trials"] == search["trials"] and published["chosen"] == search["chosen"]


def _set_aside_unplanned(study: Study, results: ResultsFolder, *, prune: bool) -> list[str]:
    """Move runs that the study does not plan out of the tables' reach, or delete them and those moved before."""
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
    """This path, or a numbered one if it is taken: runs that were set aside earlier are kept."""
    numbered = (place.with_name(f"{place.name}-{number}") for number in count(2))
    return next(path for path in chain([place], numbered) if not path.exists())


def _shown(study: Study, path: Path) -> str:
    """A path relative to the project's folder."""
    return str(path.relative_to(study.results.path.parents[1]))
