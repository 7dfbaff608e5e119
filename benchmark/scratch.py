"""Training the embedded dense model from scratch: first its front-end, then, on cached features, what stands on it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import yaml
from torch import nn
from transformers import PreTrainedModel

from benchmark.budget import Budget, Clock
from benchmark.corpora import prepare
from benchmark.corpora.manifest import Dataset
from benchmark.dense import word_error_rate
from benchmark.errors import UserError
from benchmark.files import hash_of, write_json
from benchmark.job import Job
from benchmark.models.checkpoints import CTCModel, save_dense
from benchmark.models.forward import parts
from benchmark.models.fresh import KERNELS, Architecture, fresh_model
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
    prepare(recipe.corpus, recipe.work / "data")
    dataset = Dataset.open(recipe.work / "data")
    clock = Clock()
    listener = train_front_end(dataset, recipe, clock)
    with clock.phase("features"):
        plain, varied = cached_features(listener, dataset, recipe)
    ctc = on_top_of(listener, recipe)
    train_transformer(ctc, dataset, recipe, clock, plain, varied)
    save_dense(ctc, recipe.output)
    corpus = recipe.corpus
    scores = {split: word_error_rate(ctc, dataset, split) for split in (corpus.dev, *corpus.tests)}
    write_json(recipe.output / "training.json", {"wer": scores, "seconds": clock.total(), "data": dataset.hash})
    print(f"{recipe.output}: " + ", ".join(f"{split} WER {100 * wer:.2f} %" for split, wer in scores.items()))


def _job(ctc: CTCModel, speech: Speech, recipe: Recipe, stage: StageRecipe, clock: Clock, name: str) -> Job:
    """A job whose checkpoints belong to the corpus and to the whole recipe."""
    made_from = [
        speech.dataset.hash,
        {k: v for k, v in asdict(recipe).items() if k not in ("corpus", "work", "output")},
    ]
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
        frozen_frontend=False,
        checkpoints=recipe.work / name / hash_of(made_from)[:16],
    )


def train_front_end(dataset: Dataset, recipe: Recipe, clock: Clock) -> CTCModel:
    """A model whose seven convolutions predict log-mel energies, without labels (see `benchmark.training.log_mel`)."""
    ctc = fresh_model(replace(recipe.architecture, context_strides=()), recipe.seed)
    ctc.to(pick_device())
    stage = recipe.front_end
    job = _job(ctc, Speech(ctc, dataset, recipe.corpus.train), recipe, stage, clock, "front-end")
    head = LogMelHead(recipe.architecture.channels).to(ctc.model.device)
    learning = [*convolutions(ctc.model).parameters(), *head.parameters()]

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
    return ctc


def convolutions(model: PreTrainedModel) -> nn.ModuleList:
    """The layers of the front-end."""
    layers: nn.ModuleList = parts(model).feature_extractor.conv_layers
    return layers


def on_top_of(listener: CTCModel, recipe: Recipe) -> CTCModel:
    """The model to be trained: the listener's convolutions, frozen, under context convolutions and a Transformer."""
    ctc = fresh_model(recipe.architecture, recipe.seed)
    ctc.to(listener.model.device)
    for layer, learnt in zip(convolutions(ctc.model), convolutions(listener.model), strict=False):
        layer.load_state_dict(learnt.state_dict())
        layer.requires_grad_(False)
    return ctc


def through_context(model: PreTrainedModel, batch: Batch) -> Batch:
    """A batch of features of the first seven convolutions, taken through the context convolutions on them."""
    assert batch.features is not None
    hidden, frames = batch.features.transpose(1, 2), batch.frames
    layers = zip(convolutions(model), model.config.conv_kernel, model.config.conv_stride, strict=True)
    for layer, kernel, stride in islice(layers, len(KERNELS), None):
        hidden = layer(hidden)
        frames = (frames - kernel) // stride + 1
    return replace(batch, features=hidden.transpose(1, 2), frames=frames)


def train_transformer(
    ctc: CTCModel, dataset: Dataset, recipe: Recipe, clock: Clock, plain: Features, varied: Features
) -> None:
    """Train what stands on the seven convolutions with CTC.

    Unregularised and short utterances first, to leave the plateau. Then every other batch is in other voices, since the
    corpus has few; last come SpecAugment and dropout.
    """
    stage = recipe.transformer
    speech = Speech(ctc, dataset, recipe.corpus.train)
    job = _job(ctc, speech, recipe, stage, clock, "transformer")
    dropout = recipe.architecture.dropout

    def before_step(state: State) -> None:
        other_voices = state.progress >= recipe.varied_from and state.step % 2
        speech.features = varied if other_voices else plain
        on = state.progress >= recipe.regularised_from
        regularise(ctc.model, dropout=dropout if on else 0.0, spec_augment=on)

    def loss(batch: Batch, _state: State) -> Any:
        batch = through_context(ctc.model, batch)
        return job.ctc_loss(job.forward(ctc.model, batch), batch)

    job.train(
        ctc.model,
        loss=loss,
        learning_rate=stage.learning_rate,
        sorted_epochs=recipe.sorted_epochs,
        before_step=before_step,
    )
    regularise(ctc.model, dropout=dropout, spec_augment=False)


def cached_features(listener: CTCModel, dataset: Dataset, recipe: Recipe) -> tuple[Features, Features]:
    """The listener's output for the training speech as it is and in other voices, at every speed."""
    speech = Speech(listener, dataset, recipe.corpus.train)
    made_from = [dataset.hash, asdict(recipe.architecture), asdict(recipe.front_end), recipe.speeds, recipe.seed]
    plain, varied = recipe.work / "features", recipe.work / "features-voices"
    write_features(listener.model, speech, plain, hash_of(made_from), recipe.speeds)
    write_features(
        listener.model,
        speech,
        varied,
        hash_of([*made_from, PACE, TIMBRE_DB, KNOTS]),
        recipe.speeds,
        lambda index, speed: another_voice(speech, index, speed, recipe.seed),
    )
    return Features(plain), Features(varied)
