"""The rules of equal tuning (see `benchmark.runs.search`): what a search tries next, and which settings it chooses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmark.runs.reading import read_tuning
from benchmark.runs.records import Trial
from benchmark.study.keys import TuningConfig
from benchmark.study.plan import RunPlan
from benchmark.study.registry import load_method
from benchmark.toolbox.contract import Method


def is_searched(method: Method) -> bool:
    """Whether a method, with its settings, has a learning rate to search."""
    return method.trains_as_set and "learning_rate" in method.setting_types


def next_settings(plan: RunPlan, config: TuningConfig, trials: list[Trial]) -> dict[str, object] | None:
    """Return what to try after `trials`, or None at the end. All methods that train get equally many, others none.

    Raises:
        UserError: the method's file does not import.
    """
    method = load_method(plan.method)(plan.settings)
    if not is_searched(method) or len(trials) == len(config.learning_rates):
        return None
    name, first, second = config.tried_of(plan.method) or method.tunable or (None, None, None)
    if name in plan.settings:
        name = None
    rates, number = config.learning_rates, len(trials)
    if name is None:
        return {"learning_rate": rates[number]}
    if number == len(rates) - 1:
        return best(trials) | {name: second}
    return {"learning_rate": rates[number] if number < len(rates) - 2 else _nearer(rates, trials), name: first}


def _nearer(rates: Sequence[float], trials: list[Trial]) -> float:
    """Of the last two rates, the one that is nearer to the best so far, among the rates by size."""
    places = sorted(rates)
    centre = places.index(float(str(best(trials).get("learning_rate", rates[0]))))
    return min(rates[-2:], key=lambda rate: abs(places.index(rate) - centre))


def best(trials: list[Trial]) -> dict[str, object]:
    """Settings of the trial with the lowest WER, the first if several tie; empty if all failed."""
    done = [trial for trial in trials if trial["dev_wer"] is not None]
    return min(done, key=lambda trial: trial["dev_wer"] or 0.0)["settings"] if done else {}


def chosen_settings(search: Path | None, plan: RunPlan) -> dict[str, object]:
    """Return a run's settings: those that its search chose, if it has one, overridden by those that the study sets.

    Raises:
        UserError: the search has not been made.
    """
    if search is None:
        return plan.settings
    return read_tuning(search)["chosen"] | plan.settings
