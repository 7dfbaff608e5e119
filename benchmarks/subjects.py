"""What is measured: jobs on the embedded dense model, or on a wav2vec2-base with random weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from benchmark.budget import Budget, Clock
from benchmark.corpora import prepare
from benchmark.corpora.manifest import Dataset
from benchmark.job import Job
from benchmark.models.checkpoints import CTCModel, load
from benchmark.models.full_size import wav2vec2_base
from benchmark.models.regularisation import regularise
from benchmark.study import ROOT, CorpusConfig
from benchmark.training.features import Features, write_features
from benchmark.training.loop import Options
from benchmark.training.precision import pick_device, uses_bf16
from benchmark.training.speech import Speech

SPLIT = "dev"  # of the embedded corpus: five minutes are enough
BATCH_SECONDS = {"embedded": 32.0, "wav2vec2-base": 16.0}


def embedded() -> CTCModel:
    """The dense model of the default study."""
    return load(ROOT / "data" / "mini" / "model")


MODELS: dict[str, Callable[[], CTCModel]] = {"embedded": embedded, "wav2vec2-base": wav2vec2_base}


def speech_of(folder: Path) -> Dataset:
    """The prepared split, made once in `folder`."""
    if not (folder / "data.json").exists():
        prepare(CorpusConfig("mini", SPLIT, SPLIT, (SPLIT,), root=ROOT / "data" / "mini"), folder)
    return Dataset.open(folder)


def wait_for_device() -> None:
    """Until a GPU has done all that it was told."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def job_on(name: str, work: Path, *, sparsity: float | None, steps: int) -> Job:
    """A job on one of `MODELS` whose budget is so many plain steps, on cached front-end features, without dropout."""
    dataset, device, batch_seconds = speech_of(work / "data"), pick_device(), BATCH_SECONDS[name]
    ctc = MODELS[name]()
    ctc.to(device)
    regularise(ctc.model, dropout=0.0, spec_augment=False)
    features = work / f"features-{name}"
    write_features(ctc.model, Speech(ctc, dataset, SPLIT), features, key=name)
    return Job(
        ctc,
        Speech(ctc, dataset, SPLIT, features=Features(features)),
        Budget("work", 3 * batch_seconds * steps, Clock(wait_for_device)),
        Options(learning_rate=0.0, batch_seconds=batch_seconds, bf16=uses_bf16("auto", device)),
        sparsity=sparsity,
        seed=0,
        frozen_frontend=True,
        checkpoints=work / "checkpoints",
    )
