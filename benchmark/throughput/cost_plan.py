"""What a study will cost in hours, from a measured throughput and the study's file."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from benchmark.corpora.librispeech import OFFICIAL_HOURS
from benchmark.corpora.manifest import Summary
from benchmark.runs.trials import is_searched
from benchmark.study.plan import RunPlan, Study
from benchmark.study.registry import load_method
from benchmark.system.errors import UserError
from benchmark.system.validated import read_json_as
from benchmark.throughput.phases import PLAIN
from benchmark.throughput.rates import Rates

HOUR = 3600.0


@dataclass(frozen=True)
class Cost:
    """Seconds of a label: of each search, one a target, and of each run; None where its speed was not measured."""

    label: str
    searches: tuple[float | None, ...]
    runs: tuple[float | None, ...]

    @property
    def known(self) -> bool:
        """Whether all of it is known."""
        return None not in self.searches + self.runs


@dataclass(frozen=True)
class CostPlan:
    """A study's costs: the dense stage before all, then each label's."""

    dense: float
    labels: tuple[Cost, ...]

    def hours(self, devices: int) -> float:
        """Wall-clock hours of all that is known, one job a device: the dense stage, the searches, the runs."""
        searches = [search for cost in self.labels for search in cost.searches if search is not None]
        runs = [run for cost in self.labels for run in cost.runs if run is not None]
        return (self.dense + makespan(searches, devices) + makespan(runs, devices)) / HOUR


def makespan(jobs: Iterable[float], devices: int) -> float:
    """Seconds until all jobs are done, the longest first, each on the device that is free first."""
    free = [0.0] * devices
    for job in sorted(jobs, reverse=True):
        heapq.heapreplace(free, free[0] + job)
    return max(free)


def cost_plan(study: Study, rates: Rates) -> CostPlan:
    """Add up a study: training by its budgets, transcription of dev and tests by their length.

    Not in it: preparing the corpus, caching the front-end, loading, exporting, scoring, and the calibration of methods
    that do not train.

    Raises:
        UserError: the length of a split is not known, or the plain step or transcription was not measured.
    """
    dev = rates.transcribing(seconds_of(study, study.corpus.dev))
    tests = rates.transcribing(sum(seconds_of(study, split) for split in study.corpus.tests))
    dense = dev
    if study.dense.fine_tune is not None:
        training = rates.training(PLAIN, study.dense.fine_tune.budget)
        if training is None:
            raise UserError("the plain step was not measured: run `python -m benchmark throughput` again")
        dense += training
    labels = [list(plans) for _, plans in groupby(study.runs, key=lambda plan: plan.label)]
    return CostPlan(dense, tuple(_cost(study, plans, rates, dev, tests) for plans in labels))


def _cost(study: Study, plans: list[RunPlan], rates: Rates, dev: float, tests: float) -> Cost:
    """Of the runs of one label, in which `dev` and `tests` seconds go into transcription."""
    name = plans[0].method
    method = load_method(name)(plans[0].settings)
    if not method.trains_as_set:
        return Cost(plans[0].label, (), (tests,) * len(plans))
    searches: tuple[float | None, ...] = ()
    if study.tuning is not None and is_searched(method):
        trial = rates.training(name, study.tuning.budget)
        search = None if trial is None else len(study.tuning.learning_rates) * (trial + dev)
        searches = (search,) * len({plan.search for plan in plans})
    run = rates.training(name, study.budget_of(plans[0]))
    return Cost(plans[0].label, searches, (None if run is None else run + tests,) * len(plans))


def seconds_of(study: Study, split: str) -> float:
    """Length of a split's speech: as prepared, or as published for LibriSpeech.

    Raises:
        UserError: it is not prepared, and of another corpus.
    """
    prepared = study.work.data_summary
    if prepared.exists():
        return read_json_as(prepared, Summary)["splits"][split]["seconds"]
    if study.corpus.name == "librispeech" and split in OFFICIAL_HOURS:
        return OFFICIAL_HOURS[split] * HOUR
    raise UserError(f"how long {split} is shows only after `python -m benchmark prepare {study.path}`")
