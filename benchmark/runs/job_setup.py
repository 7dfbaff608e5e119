"""Sets up the job of a run: the study's dense model and speech, its budget and its device."""

from __future__ import annotations

from pathlib import Path

from benchmark.corpora.manifest import Dataset
from benchmark.models.checkpoints import load
from benchmark.models.regularisation import regularise
from benchmark.runs.labels import read_labels
from benchmark.study.paths import WorkFolder
from benchmark.study.plan import RunPlan, Study
from benchmark.toolbox.job import Job
from benchmark.toolbox.shared_training import SharedTraining
from benchmark.training.budget import Budget, Clock
from benchmark.training.features import Features
from benchmark.training.options import Options
from benchmark.training.precision import pick_device, uses_bf16, wait_for_gpu
from benchmark.training.speech import Speech


def job_for(
    study: Study, plan: RunPlan, work: WorkFolder, checkpoints: Path, shared: SharedTraining | None = None
) -> Job:
    """Create a job with the study's dense model and budget, for a run's target and seed."""
    device, budget = pick_device(study.hardware.device), study.budget_of(plan)
    speech_model = load(work.dense_model)
    speech_model.to(device)
    regularise(speech_model.model, dropout=study.training.dropout, spec_augment=study.training.spec_augment)
    features = Features(work.features) if study.training.frozen_frontend else None
    texts = read_labels(work.labels) if study.training.orthography == "model" else None
    return Job(
        speech_model,
        Speech(speech_model, Dataset.open(work.data), study.corpus.train, features, texts, training=True),
        Budget(budget.kind, budget.limit, Clock(wait_for_gpu)),
        Options(
            learning_rate=0.0,
            warmup=study.training.warmup,
            batch_seconds=study.training.batch_seconds,
            gradient_accumulation=study.training.gradient_accumulation,
            bf16=uses_bf16(study.training.precision, device),
        ),
        sparsity=plan.target,
        seed=plan.seed,
        frozen_frontend=study.training.frozen_frontend,
        checkpoints=checkpoints,
        shared=shared,
    )
