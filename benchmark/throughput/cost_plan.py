"""Cost of a study in hours, computed from measured throughput and the study's file."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from benchmark.corpora.librispeech import OFFICIAL_HOURS
from benchmark.corpora.manifest import Summary
from benchmark.runs.trials import trial_count
from benchmark.study.plan import RunPlan, Study
from benchmark.study.registry import load_method
from benchmark.system.errors import UserError
from benchmark.system.validated import read_json_as
from benchmark.throughput.phases import PLAIN
from benchmark.throughput.rates import Rates

HOUR = 3600.0


@dataclass(frozen=True)
class Cost:
    """Seconds of each search of a label, one per target, and of each run. None if its speed was not measured."""

    label: str
    searches: tuple[float | None, ...]
    runs: tuple[float | None, ...]

    @property
    def known(self) -> bool:
        """Whether all its times are known."""
        return None not in self.searches + self.runs


@dataclass(frozen=True)
class CostPlan:
    """A study's costs: the dense stage, which comes first, then each label."""

    dense: float
    labels: tuple[Cost, ...]

    def hours(self, devices: int) -> float:
        """Wall-clock hours of all known costs with one job per device: the dense stage, the searches, the runs."""
        searches = [search for cost in self.labels for search in cost.searches if search is not None]
        runs = [run for cost in self.labels for run in cost.runs if run is not None]
        return (self.dense + makespan(searches, devices) + makespan(runs, devices)) / HOUR


def makespan(jobs: Iterable[float], devices: int) -> float:
    """Seconds until all jobs are done. The longest start first, each on the first free device."""
    free = [0.0] * devices
    for job in sorted(jobs, reverse=True):
        heapq.heapreplace(free, free[0] + job)
    return max(free)


def cost_plan(study: Study, rates: Rates) -> CostPlan:
    """Sum of a study's costs: training from its budgets, transcription of dev and tests from their length.

    It excludes preparing the corpus, caching the front-end, loading, exporting, scoring, and the calibration of
    methods that do not train.

    Raises:
        UserError: the length of a split is unknown, or the plain step or transcription was not measured.
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
    """Cost of the runs of one label. Transcription takes `dev` seconds per trial and `tests` seconds per run."""
    name = plans[0].method
    method = load_method(name)(plans[0].settings)
    if not method.trains_as_set:
        return Cost(plans[0].label, (), (tests,) * len(plans))
    searches: tuple[float | None, ...] = ()
    if study.tuning is not None and (trials := trial_count(plans[0], study.tuning)):
        trial = rates.training(name, study.tuning.budget)
        search = None if trial is None else trials * (trial + dev)
        searches = (search,) * len({plan.search for plan in plans})
    run = rates.training(name, study.budget_of(plans[0]))
    if run is None:
        return Cost(plans[0].label, searches, (None,) * len(plans))
    return Cost(plans[0].label, searches, tuple(run * _trains(plans, plan) + tests for plan in plans))


def _trains(plans: list[RunPlan], plan: RunPlan) -> bool:
    """Whether a run trains, rather than taking over the training of its seed at another target."""
    return not plan.one_training or plan is next(other for other in plans if other.seed == plan.seed)


def seconds_of(study: Study, split: str) -> float:
    """Seconds of speech in a split: of the prepared corpus, or as published for LibriSpeech.

    Raises:
        UserError: the corpus is not prepared and is not LibriSpeech.
    """
    prepared = study.work.data_summary
    if prepared.exists() and split in (splits := read_json_as(prepared, Summary)["splits"]):
        return splits[split]["seconds"]
    if study.corpus.name == "librispeech" and split in OFFICIAL_HOURS:
        return OFFICIAL_HOURS[split] * HOUR
    raise UserError(f"the length of {split} is not known yet: run `python -m benchmark prepare {study.path}` first")
