"""The course of a study's run: its dense model, its speech, and its method's settings."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Literal

from benchmark.pipeline.course import Course
from benchmark.runs.trials import chosen_settings
from benchmark.study.plan import RunPlan, Study
from benchmark.study.registry import load_method
from benchmark.system.errors import UserError
from benchmark.toolbox.pipeline_cuts import CutSettings
from benchmark.training.precision import pick_device


def course_of(study: Study, plan: RunPlan, stages: Literal[2, 4] | None, steps: int, micro_batches: int) -> Course:
    """Some steps of a run.

    Args:
        study: a study whose dense stage has run.
        plan: one of its runs.
        stages: number of stages; None for that of the run's settings.
        steps: number of steps, at least 2.
        micro_batches: number of them in a step.

    Raises:
        UserError: the run's method has no cuts, the dense stage has not run, or there are too few steps.
    """
    settings = asdict(load_method(plan.method)(chosen_settings(study.search_file(plan), plan)).settings)
    cuts = CutSettings.among(settings)
    if cuts is None:
        raise UserError(f"{plan.run} is a run of {plan.method}, which cuts no model")
    if not study.work.dense_model.exists():
        raise UserError(f"{study.work.dense_model} does not exist: run `python -m benchmark dense {study.path}`")
    if steps < 2 or micro_batches < 1:
        raise UserError("a pipeline needs at least 2 steps (the first is not timed) of at least 1 micro-batch")
    return Course(
        model=study.work.dense_model,
        data=study.work.data,
        split=study.corpus.train,
        features=study.work.features if study.training.frozen_frontend else None,
        cuts=replace(cuts, stages=stages) if stages else cuts,
        learning_rate=settings["learning_rate"],
        batch_seconds=study.training.batch_seconds,
        micro_batches=micro_batches,
        steps=steps,
        seed=plan.seed,
        device=pick_device(study.hardware.device).type,
    )
