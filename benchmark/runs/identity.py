"""The identity of a run: a hash of everything that determines its result. No torch."""

from __future__ import annotations

from dataclasses import asdict

from benchmark.runs.records import SCHEMA
from benchmark.runs.sources import source_hash
from benchmark.study.plan import RunPlan, Study
from benchmark.system.files import hash_of


def identity(study: Study, plan: RunPlan, settings: dict[str, object], inputs: dict[str, str]) -> str:
    """Hash everything that determines a run's result, including its method's code and the modules that it imports.

    Args:
        study: the study.
        plan: the run.
        settings: all settings of the method; for a search, the settings to search.
        inputs: hashes of what the run starts from; see `input_hashes`.
    """
    return hash_of(_planned(study, plan) | {"settings": settings} | inputs)


def plan_digest(study: Study, plan: RunPlan) -> str:
    """Hash the part of a run's identity that is known before any step: the study's file and the code.

    Data and dense model are left out: the files that their steps write stand for them. Settings that a search chose
    are left out too.
    """
    return hash_of(_planned(study, plan) | {"settings": plan.settings})


def _planned(study: Study, plan: RunPlan) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "method": plan.method,
        "source": source_hash(plan.method),
        "target": plan.target,
        "seed": plan.seed,
        "budget": asdict(study.budget_of(plan)),
        "training": asdict(study.training),
        "evaluation": asdict(study.evaluation),
        "splits": [study.corpus.train, *study.corpus.tests],
    }
