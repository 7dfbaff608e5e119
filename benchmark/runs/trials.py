"""The rules of equal tuning (see `benchmark.runs.search`): what a search tries next, and which settings it chooses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmark.runs.reading import read_tuning
from benchmark.runs.records import Trial
from benchmark.study.keys import TuningConfig
from benchmark.study.plan import RunPlan
from benchmark.study.registry import load_method


def trial_count(plan: RunPlan, config: TuningConfig) -> int:
    """How many trials a search has. All methods with a learning rate have equally many, others none.

    If the study fixes the rate, only the two values of the method's own setting are tried, at that rate.

    Raises:
        UserError: the method's file does not import.
    """
    method = load_method(plan.method)(plan.settings)
    if not (method.trains_as_set and "learning_rate" in method.setting_types):
        return 0
    return len(rates_to_try(plan, config)) or len(_own_values(plan, config))


def rates_to_try(plan: RunPlan, config: TuningConfig) -> Sequence[float]:
    """The learning rates of a search; none if the study fixes the rate."""
    return () if "learning_rate" in plan.settings else config.learning_rates


def next_settings(plan: RunPlan, config: TuningConfig, trials: list[Trial]) -> dict[str, object] | None:
    """Return what to try after `trials`, or None at the end.

    Raises:
        UserError: the method's file does not import.
    """
    rates, own, number = rates_to_try(plan, config), _own_values(plan, config), len(trials)
    if number >= trial_count(plan, config):
        return None
    if not rates:
        return own[number]
    if not own:
        return {"learning_rate": rates[number]}
    if number == len(rates) - 1:
        return best(trials) | own[1]
    return {"learning_rate": rates[number] if number < len(rates) - 2 else _nearer(rates, trials)} | own[0]


def _own_values(plan: RunPlan, config: TuningConfig) -> list[dict[str, object]]:
    """The method's own setting at its two values; empty if it has none or the study fixes it."""
    name, *values = config.tried_of(plan.method) or load_method(plan.method).tunable or (None,)
    return [] if name is None or name in plan.settings else [{name: value} for value in values]


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
