"""Equal tuning: every trained method gets the same number of trials of the same size, judged on the dev set.

A trial is the method on the search's budget, target and the study's first seed. Half of the trials' learning rates
come with each of the two values of the method's `tunable` setting; a method without one tries all rates.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import TypedDict

from benchmark.budget import OverBudget
from benchmark.contract import CannotCompress, Method
from benchmark.corpora.manifest import Dataset
from benchmark.dense import word_error_rate
from benchmark.files import read_json, write_json
from benchmark.models.checkpoints import load
from benchmark.registry import load_method
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


def candidates(method: Method, config: TuningConfig) -> list[dict[str, object]]:
    """The settings to try, as many for every method: none for one that has no learning rate."""
    settings = asdict(method.settings)
    if "learning_rate" not in settings:
        return []
    rates = [settings["learning_rate"] * factor for factor in sorted(config.rates)]
    if method.tunable is None:
        return [{"learning_rate": rate} for rate in rates]
    name, *values = method.tunable
    return [{"learning_rate": rate, name: value} for rate, value in product(rates[::2], values)]


def best(trials: list[Trial]) -> dict[str, object]:
    """Settings of the trial with the lowest WER, the first of equals; none where all failed."""
    done = [trial for trial in trials if trial["dev_wer"] is not None]
    return min(done, key=lambda trial: trial["dev_wer"] or 0.0)["settings"] if done else {}


def tune(study: Study, plan: RunPlan, work: Path) -> Tuning:
    """Run a method's trials and write `work/tuning/<label>.json`, after each one, so that a stopped search goes on."""
    from benchmark.runs import identity, job_for

    assert study.tuning is not None
    config = study.tuning
    method_class = load_method(plan.method)
    searched = replace(study, budget=config.budget)
    path = work / "tuning" / f"{plan.label}.json"
    dataset, dense = Dataset.open(work / "data"), read_json(work / "dense" / "dense.json")["hash"]
    target = config.target if method_class.takes_target else None
    trial_plan = replace(plan, target=target)
    key = identity(searched, trial_plan, {"rates": config.rates, "settings": plan.settings}, dataset.hash, dense)
    done: Tuning = read_json(path) if path.exists() else {"identity": key, "trials": [], "chosen": {}}
    if done["identity"] != key:
        done = {"identity": key, "trials": [], "chosen": {}}
    for number, settings in enumerate(candidates(method_class(plan.settings), config)):
        if number < len(done["trials"]):
            continue
        method = method_class(plan.settings | settings)
        job = job_for(searched, trial_plan, work, path.parent / f"{plan.label}-{number}-checkpoints")
        trial: Trial = {"settings": settings, "dev_wer": None, "reason": None}
        try:
            compressed = replace(load(work / "dense" / "model"), model=method.compress(job))
            trial["dev_wer"] = word_error_rate(compressed, dataset, study.corpus.dev, study.evaluation.batch_seconds)
        except (OverBudget, CannotCompress, TrainingDiverged) as error:
            trial["reason"] = str(error)
        done["trials"].append(trial)
        done["chosen"] = best(done["trials"])
        write_json(path, done)
    write_json(path, done)
    return done


def chosen_settings(study: Study, plan: RunPlan, work: Path) -> dict[str, object]:
    """A run's settings: what the search chose, and over it what the study sets."""
    if study.tuning is None:
        return plan.settings
    tuning: Tuning = read_json(work / "tuning" / f"{plan.label}.json")
    return tuning["chosen"] | plan.settings
