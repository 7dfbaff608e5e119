"""Equal tuning: every trained method gets the same number of trials of the same size, judged on the dev set.

A trial is the method on the search's budget, target and the study's first seed. Half of the trials' learning rates
come with each of the two values of the method's `tunable` setting; a method without one tries all rates.
"""

from __future__ import annotations

import shutil
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import TypedDict

from benchmark.budget import OverBudget
from benchmark.contract import CannotCompress, Method
from benchmark.corpora.manifest import Dataset
from benchmark.dense import word_error_rate
from benchmark.errors import UserError
from benchmark.files import read_json, write_json
from benchmark.models.checkpoints import load
from benchmark.registry import load_method, method_traits
from benchmark.study import RunPlan, Study, TuningConfig
from benchmark.training.loop import TrainingDiverged


class Trial(TypedDict):
    """One trial; `dev_wer` is None where it failed, with the reason."""

    settings: dict[str, object]
    dev_wer: float | None
    reason: str | None


class Tuning(TypedDict):
    """What is kept in `tuning/<label>.json`."""

    identity: str
    trials: list[Trial]
    chosen: dict[str, object]


def trains(method: Method) -> bool:
    """Whether a method, as it is set, takes gradient steps until its budget is used."""
    settings = asdict(method.settings)
    return "learning_rate" in settings and bool(settings.get("fine_tune", True))


def candidates(method: Method, config: TuningConfig) -> list[dict[str, object]]:
    """The settings to try, as many for every method that trains: none for one that does not, as it is set."""
    if not trains(method):
        return []
    settings = asdict(method.settings)
    rates = [settings["learning_rate"] * factor for factor in sorted(config.rates)]
    if method.tunable is None:
        return [{"learning_rate": rate} for rate in rates]
    name, *values = method.tunable
    return [{"learning_rate": rate, name: value} for rate, value in product(rates[::2], values)]


def best(trials: list[Trial]) -> dict[str, object]:
    """Settings of the trial with the lowest WER, the first of equals; none where all failed."""
    done = [trial for trial in trials if trial["dev_wer"] is not None]
    return min(done, key=lambda trial: trial["dev_wer"] or 0.0)["settings"] if done else {}


def tune(study: Study, plan: RunPlan, work: Path, reuse_from: Path | None = None) -> Tuning:
    """Run a method's trials and write `work/tuning/<label>.json`, after each one, so that a stopped search goes on.

    A method whose file does not import has no trials: the rows of its runs say why.

    Args:
        study: the study; it has `tuning`.
        plan: the method's first run.
        work: the study's work folder.
        reuse_from: folder of published searches; one of the same identity is taken over.
    """
    from benchmark.runs import identity

    assert study.tuning is not None
    path = work / "tuning" / f"{plan.label}.json"
    target = study.tuning.target if method_traits(plan.method).takes_target else None
    searched, trial_plan = replace(study, budget=study.tuning.budget), replace(plan, target=target)
    data, dense = Dataset.open(work / "data").hash, read_json(work / "dense" / "dense.json")["hash"]
    key = identity(searched, trial_plan, {"rates": study.tuning.rates, "settings": plan.settings}, data, dense)
    done = _begun(key, path, *([reuse_from / path.name] if reuse_from else []))
    for number, settings in enumerate(_candidates_of(plan, study.tuning)):
        if number >= len(done["trials"]):
            checkpoints = path.parent / f"{plan.label}-{number}-{key[:16]}"
            done["trials"].append(_try(searched, replace(trial_plan, settings=settings), work, checkpoints))
            done["chosen"] = best(done["trials"])
            write_json(path, done)
    write_json(path, done)
    return done


def _begun(key: str, *paths: Path) -> Tuning:
    for path in paths:
        if path.exists() and read_json(path)["identity"] == key:
            begun: Tuning = read_json(path)
            return begun
    return {"identity": key, "trials": [], "chosen": {}}


def _candidates_of(plan: RunPlan, config: TuningConfig) -> list[dict[str, object]]:
    try:
        return candidates(load_method(plan.method)(plan.settings), config)
    except UserError:
        return []


def _try(study: Study, plan: RunPlan, work: Path, checkpoints: Path) -> Trial:
    """Compress with the plan's settings over the study's and score on dev."""
    from benchmark.runs import Failed, failures_as_reasons, job_for

    given = study.run(plan.run).settings
    trial: Trial = {"settings": plan.settings, "dev_wer": None, "reason": None}
    job = job_for(study, plan, work, checkpoints)
    try:
        with failures_as_reasons():
            model = load_method(plan.method)(given | plan.settings).compress(job)
        compressed = replace(load(work / "dense" / "model"), model=model)
        dataset = Dataset.open(work / "data")
        trial["dev_wer"] = word_error_rate(compressed, dataset, study.corpus.dev, study.evaluation.batch_seconds)
    except (Failed, OverBudget, CannotCompress, TrainingDiverged) as error:
        trial["reason"] = str(error)
    shutil.rmtree(checkpoints, ignore_errors=True)
    return trial


def chosen_settings(study: Study, plan: RunPlan, work: Path) -> dict[str, object]:
    """A run's settings: what the search chose, and over it what the study sets."""
    if study.tuning is None:
        return plan.settings
    tuning: Tuning = read_json(work / "tuning" / f"{plan.label}.json")
    return tuning["chosen"] | plan.settings
