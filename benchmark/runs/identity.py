"""The identity of a run: a hash of everything that determines its result."""

from __future__ import annotations

from dataclasses import asdict

from benchmark.runs.records import SCHEMA
from benchmark.study.plan import RunPlan, Study
from benchmark.study.registry import method_path
from benchmark.system.files import hash_file, hash_of


def identity(study: Study, plan: RunPlan, settings: dict[str, object], data_hash: str, dense: str) -> str:
    """Hash of everything that determines a run's result, the method's source included."""
    return hash_of(
        {
            "schema": SCHEMA,
            "method": plan.method,
            "source": hash_file(method_path(plan.method)),
            "settings": settings,
            "target": plan.target,
            "seed": plan.seed,
            "budget": asdict(study.budget_of(plan)),
            "training": asdict(study.training),
            "evaluation": asdict(study.evaluation),
            "splits": [study.corpus.train, *study.corpus.tests],
            "data": data_hash,
            "dense": dense,
        }
    )
