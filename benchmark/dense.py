"""The dense stage: every study's starting point."""

from __future__ import annotations

from pathlib import Path

import torch

from benchmark.budget import Budget, Clock
from benchmark.corpora.manifest import Dataset
from benchmark.decoding import transcribe
from benchmark.files import read_json, write_json
from benchmark.job import Job
from benchmark.models.checkpoints import CTCModel, hash_model, load, save_dense
from benchmark.models.regularisation import regularise
from benchmark.scoring.wer import word_errors
from benchmark.study import Study
from benchmark.training.features import write_features
from benchmark.training.loop import Options
from benchmark.training.precision import pick_device, uses_bf16
from benchmark.training.speech import Speech


def word_error_rate(ctc: CTCModel, dataset: Dataset, split: str, batch_seconds: float = 32.0) -> float:
    """Greedy WER of a model on a split."""
    references = {u.id: ctc.vocabulary.normalise(u.text) for u in dataset.split(split)}
    hypotheses = transcribe(ctc, Speech(ctc, dataset, split), batch_seconds).hypotheses
    return word_errors(references, hypotheses).wer


def prepare_dense(study: Study, work: Path) -> None:
    """The dense stage of a study: load the start, fine-tune it if the study says so, cache front-end features.

    Writes `work/dense/model`, `work/dense/features` and `work/dense/dense.json`.
    """
    dataset = Dataset.open(work / "data")
    folder = work / "dense"
    ctc = load(study.dense.model, study.dense.revision)
    ctc.model.to(pick_device())
    if study.dense.fine_tune is not None:
        _fine_tune(study, ctc, dataset, folder / "checkpoint")
    save_dense(ctc, folder / "model")
    model_hash = hash_model(folder / "model")
    if study.training.frozen_frontend:
        key = f"{model_hash} {dataset.hash} {study.corpus.train}"
        write_features(ctc.model, Speech(ctc, dataset, study.corpus.train), folder / "features", key)
    dev = word_error_rate(ctc, dataset, study.corpus.dev, study.evaluation.batch_seconds)
    write_json(folder / "dense.json", {"hash": model_hash, "source": str(study.dense.model), "dev_wer": dev})
    print(f"dense model: dev WER {100 * dev:.2f} %")


def _fine_tune(study: Study, ctc: CTCModel, dataset: Dataset, checkpoints: Path) -> None:
    """Fine-tune everything, the front-end too, on the study's training split."""
    assert study.dense.fine_tune is not None
    recipe = study.dense.fine_tune
    regularise(ctc.model, dropout=0.1, spec_augment=True)
    device = ctc.model.device
    clock = Clock(torch.cuda.synchronize if device.type == "cuda" else lambda: None)
    job = Job(
        ctc,
        Speech(ctc, dataset, study.corpus.train),
        Budget(recipe.budget.kind, recipe.budget.limit, clock),
        Options(
            learning_rate=0.0,
            batch_seconds=study.training.batch_seconds,
            gradient_accumulation=study.training.gradient_accumulation,
            clip=5.0,
            speeds=(0.9, 1.0, 1.1),
            bf16=uses_bf16(study.training.precision, device),
        ),
        sparsity=None,
        seed=0,
        frozen_frontend=False,
        checkpoints=checkpoints,
    )
    job.train(ctc.model, learning_rate=recipe.learning_rate)
    regularise(ctc.model, dropout=0.1, spec_augment=False)


def dense_hash(work: Path) -> str:
    """Hash of the study's dense weights."""
    value: str = read_json(work / "dense" / "dense.json")["hash"]
    return value
