"""From the work folder to `results/<study>/`: records, curves and transcripts, which are kept, but no weights."""

from __future__ import annotations

import shutil

from benchmark.corpora.manifest import Dataset
from benchmark.files import read_json, whole, write_json
from benchmark.progress import expected_runs
from benchmark.records import PLANNED
from benchmark.score import references
from benchmark.scoring.trn import write_trn
from benchmark.study import RunPlan, Study


def publish_run(study: Study, plan: RunPlan) -> None:
    """Copy a finished run's record, curves and hypotheses to `results/<study>/runs/<run>/`, whole."""
    source = study.work / "runs" / plan.run
    if not (source / "run.json").exists():
        return
    with whole(study.results / "runs" / plan.run) as partial:
        partial.mkdir()
        shutil.copy(source / "run.json", partial)
        if (source / "curves.csv").exists():
            shutil.copy(source / "curves.csv", partial)
        for split in read_json(source / "run.json").get("scores", {}):
            (partial / "hyp").mkdir(exist_ok=True)
            shutil.copy(source / "hyp" / f"{split}.trn", partial / "hyp")


def publish(study: Study) -> int:
    """Bring `runs`, `ref` and `tuning` of the results up to date with the work folder; returns how many runs are there.

    `planned.json` lists the study's runs, so that a table made half-way says what is to come.

    Runs that the study does not plan any more are removed, since they cannot stand in its tables.
    """
    for plan in study.runs:
        publish_run(study, plan)
    write_json(study.results / PLANNED, [plan.run for plan in expected_runs(study)])
    _publish_references(study)
    _publish_tuning(study)
    _remove_unplanned(study)
    return sum((study.results / "runs" / plan.run / "run.json").exists() for plan in study.runs)


def _publish_references(study: Study) -> None:
    dataset = Dataset.open(study.work / "data")
    for split in study.corpus.tests:
        write_trn(study.results / "ref" / f"{split}.trn", references(dataset, split))


def _publish_tuning(study: Study) -> None:
    """Every trial of the searches, and what was chosen."""
    found = {study.search_file(plan) for plan in study.runs} if study.tuning else set()
    for path in sorted(path for path in found if path is not None and path.exists()):
        with whole(study.results / "tuning" / path.name) as partial:
            shutil.copy(path, partial)


def _remove_unplanned(study: Study) -> None:
    planned = {plan.run for plan in study.runs}
    for folder in sorted((study.results / "runs").glob("*/")):
        if folder.name not in planned:
            print(f"removing results/{study.name}/runs/{folder.name}: {study.path} does not plan it")
            shutil.rmtree(folder)
