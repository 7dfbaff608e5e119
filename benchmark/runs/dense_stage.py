"""The dense stage: prepares the model that every run of a study starts from."""

from __future__ import annotations

import hashlib
import shutil
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import torch
from torch import nn

from benchmark.corpora.manifest import Dataset
from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.checkpoints import SpeechModel, hash_model, load, save_dense
from benchmark.models.regularisation import regularise
from benchmark.models.source import model_folder
from benchmark.runs.kept import keep, kept_file
from benchmark.runs.labels import write_labels
from benchmark.runs.published_wer import check_published, word_error_rate
from benchmark.runs.records import Dense
from benchmark.study.keys import FineTuneConfig
from benchmark.study.paths import ResultsFolder, WorkFolder
from benchmark.study.plan import Study
from benchmark.system.errors import OUT_OF_MEMORY, TrainingDiverged, UserError
from benchmark.system.files import hash_file, hash_of
from benchmark.system.stamps import read_stamped, stamped
from benchmark.toolbox.job import Job
from benchmark.training.budget import Budget, Clock, OverBudget
from benchmark.training.features import INDEX, Features, write_features
from benchmark.training.options import Options
from benchmark.training.precision import pick_device, uses_bf16, wait_for_gpu
from benchmark.training.speech import Speech

REMEDY = "make the dense model again (`python -m benchmark dense CONFIG`)"


def prepare_dense(study: Study, work: WorkFolder, reuse_from: ResultsFolder | None = None) -> None:
    """Run the dense stage: load the starting model, cache its front-end's output, fine-tune it if the study says so.

    A frozen front-end stays frozen here too, so that fine-tuning and all later runs can use the cache.
    Writes `work/dense/model`, `work/dense/features`, `work/dense/labels.json` (if labels are to be written as the model
    writes) and `work/dense/dense.json`. Existing files made from the same inputs are kept.

    Raises:
        UserError: there is no such model, its fine-tuning failed, or its WER is not the published one.
    """
    dataset = Dataset.open(work.data)
    recipe = study.dense.fine_tune
    source, revision = model_folder(study.dense.model, study.dense.revision)
    identity = _identity(study, source, dataset)
    if kept := _kept(work, identity, features=study.training.frozen_frontend):
        keep(work.dense_record, kept)
        print(f"dense model {study.dense.model}: already finished, kept")
        return
    speech_model = _starting_model(study, source, dataset)
    if recipe is None:
        # Now, since computing a large corpus's features takes hours.
        check_published(study, speech_model, dataset, reuse_from)
    speech = Speech(speech_model, dataset, study.corpus.train, training=True)
    if study.training.frozen_frontend:
        speech = _cached(study, speech_model, speech, dataset, work)
    if recipe is not None:
        _fine_tune(study, recipe, speech_model, speech, work.dense_checkpoints)
        check_published(study, speech_model, dataset, reuse_from)
    dev = word_error_rate(speech_model, dataset, study.corpus.dev, study.evaluation)
    made = _written(study, speech_model, speech, work)
    record = Dense(
        identity=identity,
        hash=hash_model(work.dense_model),
        source=study.dense.model,
        revision=revision,
        dev_wer=dev,
        files=stamped(work.dense, [str(path.relative_to(work.dense)) for path in made]),
    )
    keep(work.dense_record, record)
    shutil.rmtree(work.dense_checkpoints, ignore_errors=True)
    print(f"dense model {study.dense.model}{f' at {revision}' if revision else ''}: dev WER {100 * dev:.2f} %")


def _starting_model(study: Study, source: Path, dataset: Dataset) -> SpeechModel:
    """Load the model to start from; refuse what it cannot be used for, before anything is replaced."""
    speech_model = load(source, fresh_head=study.dense.fine_tune is not None)
    architecture_of(speech_model.model).set_language(speech_model.model, study.dense.language)
    _refuse_speeds(study, speech_model)
    speech_model.to(pick_device(study.hardware.device))
    for split in (study.corpus.dev, *study.corpus.tests):
        Speech(speech_model, dataset, split)  # refuses characters that the model does not know
    return speech_model


def _refuse_speeds(study: Study, speech_model: SpeechModel) -> None:
    """Refuse a fine-tuning at several speeds of a model whose window slower speech would overflow."""
    recipe, model = study.dense.fine_tune, speech_model.model
    if recipe is not None and set(recipe.speeds) != {1.0} and architecture_of(model).window_samples(model):
        raise UserError(
            f"{study.dense.model} hears windows of one length, which slower speech would overflow: set `speeds` under "
            "`dense.fine_tune` to [1.0]"
        )


def _cached(study: Study, speech_model: SpeechModel, speech: Speech, dataset: Dataset, work: WorkFolder) -> Speech:
    """Write the frozen front-end's output of the training speech at all speeds; return the speech that reads it."""
    recipe, model = study.dense.fine_tune, speech_model.model
    speeds = tuple(dict.fromkeys((1.0, *recipe.speeds))) if recipe else (1.0,)
    front_end = _hash_weights(architecture_of(model).front_end_module(model))
    key = hash_of([front_end, dataset.hash, study.corpus.train, speeds])
    write_features(model, speech, work.features, key, speeds)
    return Speech(speech_model, dataset, study.corpus.train, Features(work.features), training=True)


def _written(study: Study, speech_model: SpeechModel, speech: Speech, work: WorkFolder) -> list[Path]:
    """Write the dense model, and the labels if they are to be as the model writes; return all files to be stamped."""
    save_dense(speech_model, work.dense_model)
    made = [*work.dense_model.iterdir()]
    if study.training.frozen_frontend:  # a later, failing call may replace them by another model's
        made.append(work.features / INDEX)
    if study.training.orthography == "model":
        write_labels(speech_model, speech, study.evaluation, work.labels)
        made.append(work.labels)
    return made


def _identity(study: Study, source: Path, dataset: Dataset) -> str:
    """Hash of all inputs of the dense stage: the starting model's folder, the corpus, the study's settings."""
    start = {path.name: hash_file(path) for path in sorted(source.iterdir()) if path.is_file()}
    said = [asdict(part) for part in (study.dense, study.training, study.evaluation)]
    return hash_of([start, dataset.hash, study.corpus.train, study.corpus.dev, *said])


def _kept(work: WorkFolder, identity: str, *, features: bool) -> Dense | None:
    """The content of `dense.json`, if it has this identity and the model and any features are unchanged."""
    with suppress(UserError):  # the file is missing or damaged
        record = read_stamped(kept_file(work.dense_record), Dense, ["model/config.json"], REMEDY)
        if features:
            Features(work.features)
        if record["identity"] == identity:
            return record
    return None


def _hash_weights(module: nn.Module) -> str:
    digest = hashlib.sha256()
    for tensor in module.state_dict().values():
        digest.update(tensor.cpu().numpy().tobytes())
    return digest.hexdigest()


def _fine_tune(
    study: Study, recipe: FineTuneConfig, speech_model: SpeechModel, speech: Speech, checkpoints: Path
) -> None:
    """Fine-tune on the study's training split, with the recipe's dropout, SpecAugment and speed perturbation.

    A checkpoint is valid only for one combination of starting model, recipe, corpus and precision.

    Raises:
        UserError: the loss is not finite, a step exceeded the recipe's budget, or the GPU's memory is too small.
    """
    made_from = [asdict(recipe), asdict(study.training), _hash_weights(speech_model.model), speech.dataset.hash]
    bf16 = uses_bf16(study.training.precision, speech_model.model.device)
    regularise(speech_model.model, dropout=recipe.dropout, spec_augment=recipe.spec_augment)
    job = Job(
        speech_model,
        speech,
        Budget(recipe.budget.kind, recipe.budget.limit, Clock(wait_for_gpu)),
        Options(
            learning_rate=0.0,
            batch_seconds=study.training.batch_seconds,
            gradient_accumulation=study.training.gradient_accumulation,
            clip=5.0,
            speeds=recipe.speeds,
            bf16=bf16,
        ),
        sparsity=None,
        seed=0,
        frozen_frontend=study.training.frozen_frontend,
        checkpoints=checkpoints / hash_of([*made_from, study.corpus.train, bf16])[:16],
    )
    try:
        with job.budget.clock.phase("other"):
            job.train(speech_model.model, learning_rate=recipe.learning_rate)
    except (OverBudget, TrainingDiverged) as error:
        raise UserError(f"{study.path}: `dense.fine_tune` failed: {error}") from error
    except torch.cuda.OutOfMemoryError:
        raise UserError(f"{study.path}: `dense.fine_tune` failed: {OUT_OF_MEMORY}") from None
    regularise(speech_model.model, dropout=recipe.dropout, spec_augment=False)


def dense_hash(work: WorkFolder) -> str:
    """Hash of the study's dense weights.

    Raises:
        UserError: there is no dense model yet, or its files have changed since they were written.
    """
    return read_stamped(work.dense_record, Dense, ["model/config.json"], REMEDY)["hash"]
