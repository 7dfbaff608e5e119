"""The dense stage: every study's starting point."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch import nn

from benchmark.budget import Budget, Clock, OverBudget
from benchmark.corpora.manifest import Dataset
from benchmark.decoding import transcribe
from benchmark.errors import UserError
from benchmark.files import hash_of, read_json, write_json
from benchmark.job import Job
from benchmark.models.checkpoints import CTCModel, frozen_copy, hash_model, load, save_dense
from benchmark.models.forward import parts
from benchmark.models.regularisation import regularise
from benchmark.scoring.wer import word_errors
from benchmark.study import FineTuneConfig, Study
from benchmark.training.features import Features, write_features
from benchmark.training.loop import Options, TrainingDiverged
from benchmark.training.precision import pick_device, uses_bf16
from benchmark.training.speech import Speech

SPEEDS = (0.9, 1.0, 1.1)  # speed perturbation of the fine-tuning
DROPOUT = 0.1


def word_error_rate(ctc: CTCModel, dataset: Dataset, split: str, batch_seconds: float = 32.0) -> float:
    """Greedy WER of a model on a split."""
    references = {u.id: ctc.vocabulary.normalise(u.text) for u in dataset.split(split)}
    ctc = replace(ctc, model=frozen_copy(ctc.model))  # the copy is not metered: evaluation is on nobody's budget
    hypotheses = transcribe(ctc, Speech(ctc, dataset, split), batch_seconds).hypotheses
    return word_errors(references, hypotheses).wer


def prepare_dense(study: Study, work: Path) -> None:
    """The dense stage of a study: load the start, cache its front-end's output, fine-tune it if the study says so.

    A frozen front-end stays frozen here too, so that the cache serves the fine-tuning and all runs after it.
    Writes `work/dense/model`, `work/dense/features` and `work/dense/dense.json`.
    """
    dataset = Dataset.open(work / "data")
    folder = work / "dense"
    ctc = load(study.dense.model, study.dense.revision)
    ctc.to(pick_device(study.hardware.device))
    speech = Speech(ctc, dataset, study.corpus.train)
    if study.training.frozen_frontend:
        speeds = SPEEDS if study.dense.fine_tune else (1.0,)
        front_end = _hash_weights(parts(ctc.model).feature_extractor)
        key = hash_of([front_end, dataset.hash, study.corpus.train, speeds])
        write_features(ctc.model, speech, folder / "features", key, speeds)
        speech = Speech(ctc, dataset, study.corpus.train, Features(folder / "features"))
    if study.dense.fine_tune is not None:
        _fine_tune(study, study.dense.fine_tune, ctc, speech, folder / "checkpoint")
    save_dense(ctc, folder / "model")
    model_hash = hash_model(folder / "model")
    dev = word_error_rate(ctc, dataset, study.corpus.dev, study.evaluation.batch_seconds)
    write_json(folder / "dense.json", {"hash": model_hash, "source": str(study.dense.model), "dev_wer": dev})
    shutil.rmtree(folder / "checkpoint", ignore_errors=True)
    print(f"dense model: dev WER {100 * dev:.2f} %")


def _hash_weights(module: nn.Module) -> str:
    digest = hashlib.sha256()
    for tensor in module.state_dict().values():
        digest.update(tensor.cpu().numpy().tobytes())
    return digest.hexdigest()


def _fine_tune(study: Study, recipe: FineTuneConfig, ctc: CTCModel, speech: Speech, checkpoints: Path) -> None:
    """Fine-tune on the study's training split with dropout, SpecAugment and speed perturbation.

    Its checkpoint belongs to the start, the recipe and the corpus: one of another start is of no use.

    Raises:
        UserError: the loss is not finite, or a step passed the recipe's budget.
    """
    made_from = [asdict(recipe), asdict(study.training), _hash_weights(ctc.model), speech.dataset.hash]
    regularise(ctc.model, dropout=DROPOUT, spec_augment=True)
    device = ctc.model.device
    clock = Clock(torch.cuda.synchronize if device.type == "cuda" else lambda: None)
    job = Job(
        ctc,
        speech,
        Budget(recipe.budget.kind, recipe.budget.limit, clock),
        Options(
            learning_rate=0.0,
            batch_seconds=study.training.batch_seconds,
            gradient_accumulation=study.training.gradient_accumulation,
            clip=5.0,
            speeds=SPEEDS,
            bf16=uses_bf16(study.training.precision, device),
        ),
        sparsity=None,
        seed=0,
        frozen_frontend=study.training.frozen_frontend,
        checkpoints=checkpoints / hash_of([*made_from, study.corpus.train])[:16],
    )
    try:
        job.train(ctc.model, learning_rate=recipe.learning_rate)
    except (OverBudget, TrainingDiverged) as error:
        raise UserError(f"{study.path}: `dense.fine_tune` failed: {error}") from error
    regularise(ctc.model, dropout=DROPOUT, spec_augment=False)


def dense_hash(work: Path) -> str:
    """Hash of the study's dense weights."""
    value: str = read_json(work / "dense" / "dense.json")["hash"]
    return value
