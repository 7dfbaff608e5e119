"""Equal tuning: every trained method gets the same number of trials of the same size, judged on the dev set.

Each target has its own search, since the best rate grows with the share removed. A trial runs the method on the
search's budget with the study's first seed. The trials are the study's learning rates. A method with a setting of its
own (`tunable`; a study may name another) tries only one of the last two rates, the one nearer to the best so far, and
then that setting's second value at the best rate. So all methods try nearly all rates: methods that tried only half of
them looked worse. A setting that the study fixes is not searched, the learning rate included.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from benchmark.corpora.manifest import Dataset
from benchmark.models.checkpoints import load
from benchmark.runs.failures import Failed, failures_as_reasons, refuse_hopeless
from benchmark.runs.identity import identity
from benchmark.runs.inputs import input_hashes
from benchmark.runs.job_setup import job_for
from benchmark.runs.kept import keep, kept_file
from benchmark.runs.outcome import read_back, require_size, returned_model
from benchmark.runs.published_wer import word_error_rate
from benchmark.runs.reading import read_tuning
from benchmark.runs.records import Trial, Tuning
from benchmark.runs.trials import best, next_settings, rates_to_try, trial_count
from benchmark.study.keys import TuningConfig
from benchmark.study.paths import ResultsFolder, WorkFolder
from benchmark.study.plan import RunPlan, Study
from benchmark.study.registry import load_method
from benchmark.system.at_work import enter
from benchmark.system.errors import CannotCompress, TrainingDiverged, UserError
from benchmark.system.files import write_json
from benchmark.training.budget import OverBudget
from benchmark.training.precision import chosen_precision, pick_device


def tune(study: Study, plan: RunPlan, work: WorkFolder, reuse_from: ResultsFolder | None = None) -> Tuning:
    """Run a method's trials and write `work/tuning/<search>.json`.

    Each trial is saved as soon as it ends, so that an interrupted search continues with the next one.
    A method whose file does not import has no trials; the rows of its runs give the reason.

    Args:
        study: the study, which must have `tuning`.
        plan: the first run of the method at the target.
        work: the study's work folder. A search with the same identity under another label is reused.
        reuse_from: results with published searches; one with the same identity is reused.
    """
    path = study.search_file(plan)
    assert study.tuning is not None
    assert path is not None
    searched, plan = replace(study, budget=study.tuning.budget), replace(plan, budget_share=1)
    asked: dict[str, object] = {"learning_rates": rates_to_try(plan, study.tuning), "settings": plan.settings}
    if tried := study.tuning.tried_of(plan.method):
        asked["tunable"] = tried
    key = identity(searched, plan, asked, input_hashes(study, plan, work))
    others = sorted(work.searches.glob("*.json"))
    done = _begun(key, kept_file(path), path, *others, *([reuse_from.search(plan.search)] if reuse_from else []))
    precision = chosen_precision(study.training.precision, pick_device(study.hardware.device))
    while settings := _next_of(plan, study.tuning, done["trials"]):
        enter(f"tune, trial {len(done['trials']) + 1} of {trial_count(plan, study.tuning)}")
        # What was begun in another precision, as `auto` may choose it on another machine, is not continued.
        checkpoints = work.searches / f"{plan.search}-{len(done['trials'])}-{key[:16]}-{precision}"
        done["trials"].append(_try(searched, replace(plan, settings=settings), work, checkpoints))
        done["chosen"] = best(done["trials"])
        write_json(kept_file(path), done)
    keep(path, done)
    return done


def _begun(key: str, *paths: Path) -> Tuning:
    """The first search in `paths` with this identity, or else a new one; damaged files are ignored."""
    for path in paths:
        with suppress(UserError):
            if (begun := read_tuning(path))["identity"] == key:
                return begun
    return {"identity": key, "trials": [], "chosen": {}}


def _next_of(plan: RunPlan, config: TuningConfig, trials: list[Trial]) -> dict[str, object] | None:
    try:
        return next_settings(plan, config, trials)
    except UserError:
        return None


def _try(study: Study, plan: RunPlan, work: WorkFolder, checkpoints: Path) -> Trial:
    """Compress with the study's settings, overridden by the plan's, and score on dev.

    A trial that misses its target fails, since it would win against those that reach it.
    """
    given, dense = study.run(plan.run).settings, load(work.dense_model)
    trial: Trial = {"settings": plan.settings, "dev_wer": None, "reason": None}
    job = job_for(study, plan, work, checkpoints)
    try:
        with failures_as_reasons():
            method = load_method(plan.method)(given | plan.settings)
            refuse_hopeless(method, job)
            with job.budget.clock.phase("other"):
                model = returned_model(method.compress(job), dense.model)
                job.budget.check()  # as for a run: the settings of a trial that overspends would be no use
            compressed = replace(dense, model=model)
            exported, size = read_back(compressed, checkpoints / "model")
            require_size(method.family, job.target if plan.target else None, dense.model, exported.model, size)
        dataset = Dataset.open(work.data)
        trial["dev_wer"] = word_error_rate(compressed, dataset, study.corpus.dev, study.evaluation)
    except (Failed, OverBudget, CannotCompress, TrainingDiverged) as error:
        trial["reason"] = str(error)
    shutil.rmtree(checkpoints, ignore_errors=True)
    return trial
