"""Training the embedded dense model from scratch."""

from __future__ import annotations

from pathlib import Path

import yaml

from benchmark.budget import Budget, Clock
from benchmark.corpora import prepare
from benchmark.corpora.manifest import Dataset
from benchmark.dense import word_error_rate
from benchmark.errors import UserError
from benchmark.files import write_json
from benchmark.job import Job
from benchmark.models.checkpoints import save_dense
from benchmark.models.fresh import Architecture, fresh_model
from benchmark.models.regularisation import regularise
from benchmark.study import ROOT, CorpusConfig
from benchmark.training.loop import Options, State
from benchmark.training.precision import pick_device, uses_bf16
from benchmark.training.speech import Speech


def train_from_scratch(config: Path) -> None:
    """Train the embedded dense model by the recipe in `config` and write its folder.

    A small raw-waveform CTC model stays on the blank plateau for hundreds of steps; short utterances first, small
    batches and no regularisation let it leave. Resumes from its checkpoint.

    Raises:
        UserError: the recipe is missing or wrong.
    """
    try:
        recipe = yaml.safe_load(config.read_text(encoding="utf-8"))
        corpus_keys = dict(recipe["corpus"])
        corpus_keys |= {"root": ROOT / corpus_keys["root"], "tests": tuple(corpus_keys["tests"])}
        corpus = CorpusConfig(**corpus_keys)
        architecture = Architecture(**recipe["architecture"])
        units, regularised_from = float(recipe["units"]), float(recipe["regularised_from"])
        work, output, seed = ROOT / recipe["work"], ROOT / recipe["output"], int(recipe["seed"])
    except FileNotFoundError:
        raise UserError(f"{config} does not exist") from None
    except (KeyError, TypeError, yaml.YAMLError) as error:
        raise UserError(f"{config}: {error}") from None
    if not (work / "data" / "data.json").exists():
        prepare(corpus, work / "data")
    dataset = Dataset.open(work / "data")
    ctc = fresh_model(architecture, seed)
    ctc.model.to(pick_device())
    options = Options(
        learning_rate=0.0,
        batch_seconds=16.0,
        betas=(0.9, 0.98),
        clip=5.0,
        speeds=(0.9, 1.0, 1.1),
        bf16=uses_bf16("bf16", ctc.model.device),
    )
    budget = Budget("work", units, Clock())
    job = Job(
        ctc,
        Speech(ctc, dataset, corpus.train),
        budget,
        options,
        sparsity=None,
        seed=seed,
        frozen_frontend=False,
        checkpoints=work / "checkpoint",
    )

    def before_step(state: State) -> None:
        on = state.progress >= regularised_from
        regularise(ctc.model, dropout=architecture.dropout if on else 0.0, spec_augment=on)

    job.train(
        ctc.model,
        learning_rate=float(recipe["learning_rate"]),
        warmup=float(recipe["warmup"]),
        sorted_epochs=int(recipe["sorted_epochs"]),
        before_step=before_step,
    )
    regularise(ctc.model, dropout=architecture.dropout, spec_augment=False)
    save_dense(ctc, output)
    scores = {split: word_error_rate(ctc, dataset, split) for split in (corpus.dev, *corpus.tests)}
    write_json(output / "training.json", {"recipe": recipe, "wer": scores, "seconds": budget.clock.total()})
    print(f"{output}: " + ", ".join(f"{split} WER {100 * wer:.2f} %" for split, wer in scores.items()))
