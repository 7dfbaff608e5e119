"""Training the embedded dense model from scratch: first its front-end, then, on cached features, its Transformer."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml
from torch import nn

from benchmark.budget import Budget, Clock
from benchmark.corpora import prepare
from benchmark.corpora.manifest import Dataset
from benchmark.dense import word_error_rate
from benchmark.errors import UserError
from benchmark.files import hash_of, write_json
from benchmark.job import Job
from benchmark.models.checkpoints import CTCModel, save_dense
from benchmark.models.fresh import Architecture, fresh_model
from benchmark.models.regularisation import regularise
from benchmark.study import ROOT, CorpusConfig
from benchmark.training.batches import Batch
from benchmark.training.features import Features, write_features
from benchmark.training.log_mel import LogMelHead
from benchmark.training.loop import Options, State
from benchmark.training.precision import pick_device
from benchmark.training.speech import Speech
from benchmark.training.voices import KNOTS, PACE, TIMBRE_DB, another_voice


@dataclass(frozen=True)
class StageRecipe:
    """How one of the two stages trains; `units` of work as in a study's budget."""

    units: float
    learning_rate: float
    batch_seconds: float
    warmup: float
    bf16: bool


@dataclass(frozen=True)
class Recipe:
    """`config/dense-mini.yaml`. `varied_from` and `regularised_from` are shares of the second stage."""

    corpus: CorpusConfig
    work: Path
    output: Path
    seed: int
    architecture: Architecture
    speeds: tuple[float, ...]
    front_end: StageRecipe
    transformer: StageRecipe
    sorted_epochs: int
    varied_from: float
    regularised_from: float


def read_recipe(path: Path) -> Recipe:
    """Read and check a recipe.

    Raises:
        UserError: the file is missing, or a key of it is missing, unknown or of the wrong kind.
    """
    try:
        keys: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        corpus = keys["corpus"] | {"root": ROOT / keys["corpus"]["root"], "tests": tuple(keys["corpus"]["tests"])}
        typed = {
            "corpus": CorpusConfig(**corpus),
            "work": ROOT / keys["work"],
            "output": ROOT / keys["output"],
            "architecture": Architecture(**keys["architecture"]),
            "speeds": tuple(keys["speeds"]),
            "front_end": StageRecipe(**keys["front_end"]),
            "transformer": StageRecipe(**keys["transformer"]),
        }
        return Recipe(**(keys | typed))
    except FileNotFoundError:
        raise UserError(f"{path} does not exist") from None
    except KeyError as error:
        raise UserError(f"{path} lacks the key {error}") from None
    except (TypeError, yaml.YAMLError) as error:
        raise UserError(f"{path}: {' '.join(str(error).split())}") from None


def train_from_scratch(path: Path) -> None:
    """Train the embedded dense model by the recipe in `path` and write its folder; resumes from its checkpoints.

    Raises:
        UserError: the recipe is missing or wrong.
    """
    recipe = read_recipe(path)
    if not (recipe.work / "data" / "data.json").exists():
        prepare(recipe.corpus, recipe.work / "data")
    dataset = Dataset.open(recipe.work / "data")
    ctc = fresh_model(recipe.architecture, recipe.seed)
    ctc.to(pick_device())
    clock = Clock()
    train_front_end(ctc, dataset, recipe, clock)
    train_transformer(ctc, dataset, recipe, clock)
    save_dense(ctc, recipe.output)
    corpus = recipe.corpus
    scores = {split: word_error_rate(ctc, dataset, split) for split in (corpus.dev, *corpus.tests)}
    write_json(recipe.output / "training.json", {"wer": scores, "seconds": clock.total(), "data": dataset.hash})
    print(f"{recipe.output}: " + ", ".join(f"{split} WER {100 * wer:.2f} %" for split, wer in scores.items()))


def _job(ctc: CTCModel, speech: Speech, recipe: Recipe, stage: StageRecipe, clock: Clock, checkpoints: Path) -> Job:
    options = Options(
        learning_rate=0.0,
        warmup=stage.warmup,
        batch_seconds=stage.batch_seconds,
        betas=(0.9, 0.98),
        clip=5.0,
        speeds=recipe.speeds,
        bf16=stage.bf16,
    )
    return Job(
        ctc,
        speech,
        Budget("work", stage.units, clock),
        options,
        sparsity=None,
        seed=recipe.seed,
        frozen_frontend=speech.features is not None,
        checkpoints=checkpoints,
    )


def train_front_end(ctc: CTCModel, dataset: Dataset, recipe: Recipe, clock: Clock) -> None:
    """Let the CNN predict log-mel energies, without labels (see `benchmark.training.log_mel`)."""
    stage, folder = recipe.front_end, recipe.work / "front-end"
    job = _job(ctc, Speech(ctc, dataset, recipe.corpus.train), recipe, stage, clock, folder)
    head = LogMelHead(recipe.architecture.channels).to(ctc.model.device)
    front_end: nn.Module = ctc.model.base_model.feature_extractor  # type: ignore[assignment]
    learning = [*front_end.parameters(), *head.parameters()]

    def loss(batch: Batch, _state: State) -> Any:
        job.budget.charge(3 * batch.seconds)  # the meter sits on the Transformer, which this loss does not pass
        return head.loss(ctc.model, batch)

    job.train(
        ctc.model,
        extra=head,
        loss=loss,
        learning_rate=stage.learning_rate,
        parameter_groups=[{"params": learning}],
    )


def train_transformer(ctc: CTCModel, dataset: Dataset, recipe: Recipe, clock: Clock) -> None:
    """Train what stands on the front-end with CTC.

    Unregularised and short utterances first, to leave the plateau. Then, since the corpus has few voices, other voices
    made of them take their place; last come SpecAugment and dropout.
    """
    stage = recipe.transformer
    with clock.phase("features"):
        plain, varied = cached_features(ctc, dataset, recipe)
    speech = Speech(ctc, dataset, recipe.corpus.train, plain)
    job = _job(ctc, speech, recipe, stage, clock, recipe.work / "transformer")
    dropout = recipe.architecture.dropout

    def before_step(state: State) -> None:
        speech.features = varied if state.progress >= recipe.varied_from else plain
        on = state.progress >= recipe.regularised_from
        regularise(ctc.model, dropout=dropout if on else 0.0, spec_augment=on)

    job.train(
        ctc.model,
        learning_rate=stage.learning_rate,
        sorted_epochs=recipe.sorted_epochs,
        before_step=before_step,
    )
    regularise(ctc.model, dropout=dropout, spec_augment=False)


def cached_features(ctc: CTCModel, dataset: Dataset, recipe: Recipe) -> tuple[Features, Features]:
    """The front-end's output for the training speech as it is and in other voices, at every speed."""
    speech = Speech(ctc, dataset, recipe.corpus.train)
    made_from = [dataset.hash, asdict(recipe.architecture), asdict(recipe.front_end), recipe.speeds, recipe.seed]
    plain, varied = recipe.work / "features", recipe.work / "features-voices"
    write_features(ctc.model, speech, plain, hash_of(made_from), recipe.speeds)
    write_features(
        ctc.model,
        speech,
        varied,
        hash_of([*made_from, PACE, TIMBRE_DB, KNOTS]),
        recipe.speeds,
        lambda index, speed: another_voice(speech, index, speed, recipe.seed),
    )
    return Features(plain), Features(varied)
