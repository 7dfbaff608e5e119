"""What a search tries next, and what it chose: the rules of equal tuning (see `benchmark.runs.search`)."""

from __future__ import annotations

from pathlib import Path

from benchmark.runs.reading import read_tuning
from benchmark.runs.records import Trial
from benchmark.study.keys import TuningConfig
from benchmark.study.plan import RunPlan
from benchmark.study.registry import load_method
from benchmark.toolbox.contract import Method


def is_searched(method: Method) -> bool:
    """Whether there is a learning rate to search for a method, as it is set."""
    return method.trains_as_set and "learning_rate" in method.setting_types


def next_settings(plan: RunPlan, config: TuningConfig, trials: list[Trial]) -> dict[str, object] | None:
    """What to try after `trials`; as many for every method that trains, none for one that does not.

    Raises:
        UserError: the method's file does not import.
    """
    method = load_method(plan.method)(plan.settings)
    if not is_searched(method) or len(trials) == len(config.learning_rates):
        return None
    name, first, second = config.tried_of(plan.method) or method.tunable or (None, None, None)
    if name in plan.settings:
        name = None
    if name and len(trials) == len(config.learning_rates) - 1:
        return best(trials) | {name: second}
    return {"learning_rate": config.learning_rates[len(trials)]} | ({name: first} if name else {})


def best(trials: list[Trial]) -> dict[str, object]:
    """Settings of the trial with the lowest WER, the first of equals; none where all failed."""
    done = [trial for trial in trials if trial["dev_wer"] is not None]
    return min(done, key=lambda trial: trial["dev_wer"] or 0.0)["settings"] if done else {}


def chosen_settings(search: Path | None, plan: RunPlan) -> dict[str, object]:
    """A run's settings: what its search chose, if it has one, and over it what the study sets.

    Raises:
        UserError: the search has not been made.
    """
    if search is None:
        return plan.settings
    return read_tuning(search)["chosen"] | plan.settings
