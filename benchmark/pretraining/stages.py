"""The stages of training from scratch, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from benchmark.corpora import prepare
from benchmark.corpora.manifest import Dataset
from benchmark.models.batch import Batch
from benchmark.models.checkpoints import SpeechModel, frozen_copy, save_dense
from benchmark.models.forward import forward
from benchmark.models.fresh import LETTERS
from benchmark.models.regularisation import regularise
from benchmark.models.vocabulary import WORD_DELIMITER
from benchmark.pretraining.front_end import at_full_rate, on_top_of, through_context, train_front_end
from benchmark.pretraining.hearings import cached_features
from benchmark.pretraining.jobs import job_for
from benchmark.pretraining.recipe import STAGES, Recipe, Stage, StageRecipe, read_recipe, stage_key
from benchmark.pretraining.splicing import SplicedSpeech, gaps_between_words
from benchmark.runs.published_wer import word_error_rate
from benchmark.system.files import write_json
from benchmark.system.lock import exclusive
from benchmark.training.budget import Clock
from benchmark.training.features import Features
from benchmark.training.hooks import Hook, State
from benchmark.training.speech import Speech


@dataclass(frozen=True)
class Lessons:
    """Inputs shared by all stages on the frozen convolutions. `hearings` are cached features of the training speech."""

    dataset: Dataset
    recipe: Recipe
    clock: Clock
    hearings: Sequence[Features]


def train_from_scratch(path: Path) -> None:
    """Train the embedded dense model by the recipe in `path` and write its folder. Resumes from checkpoints.

    Raises:
        UserError: the recipe is missing or wrong, or another process trains by it.
    """
    recipe = read_recipe(path)
    with exclusive(recipe.work / "lock", f"training of {recipe.output}"):
        _train_dense(recipe)


def _train_dense(recipe: Recipe) -> None:
    prepare(recipe.corpus, recipe.work / "data")
    dataset = Dataset.open(recipe.work / "data")
    clock = Clock()
    listener = train_front_end(dataset, recipe, clock)
    with clock.phase("features"):
        lessons = Lessons(dataset, recipe, clock, cached_features(listener, dataset, recipe))
    speech_model = train_all_stages(listener, lessons)
    save_dense(speech_model, recipe.output)
    corpus = recipe.corpus
    scores = {split: word_error_rate(speech_model, dataset, split) for split in (corpus.dev, *corpus.tests)}
    write_json(recipe.output / "training.json", {"wer": scores, "seconds": clock.total(), "data": dataset.hash})
    print(f"{recipe.output}: " + ", ".join(f"{split} WER {100 * wer:.2f} %" for split, wer in scores.items()))


def train_all_stages(listener: SpeechModel, lessons: Lessons) -> SpeechModel:
    """Train on whole and on spliced sentences at the architecture's low frame rate, then at twice that rate."""
    speech_model = on_top_of(listener, lessons.recipe)
    train_on_sentences(speech_model, lessons)
    train_on_spliced(speech_model, lessons, "spliced", word_gaps(speech_model, lessons))
    gaps = word_gaps(speech_model, lessons)
    speech_model = at_full_rate(speech_model, listener, lessons.recipe)
    train_on_spliced(speech_model, lessons, "fine", gaps)
    return speech_model


def train_on_sentences(speech_model: SpeechModel, lessons: Lessons) -> None:
    """Train the layers on top of the seven convolutions with CTC.

    Training starts without regularisation, with short utterances first and unchanged recordings, to get past the phase
    of blank output. Then batches rotate through the `hearings`. SpecAugment and dropout are switched on last.
    """
    recipe, hearings = lessons.recipe, lessons.hearings
    speech = Speech(speech_model, lessons.dataset, recipe.corpus.train)
    dropout = recipe.architecture.dropout

    def before_step(state: State) -> None:
        speech.features = hearings[state.step % len(hearings) if state.progress >= recipe.varied_from else 0]
        on = state.progress >= recipe.regularised_from
        regularise(speech_model.model, dropout=dropout if on else 0.0, spec_augment=on)

    _train(speech_model, lessons, "sentences", speech, before_step, sorted_epochs=recipe.sorted_epochs)


def train_on_spliced(speech_model: SpeechModel, lessons: Lessons, stage: Stage, gaps: list[list[float]]) -> None:
    """Continue training on sentences spliced in the `gaps` between words, with all hearings and regularisers."""
    recipe, hearings = lessons.recipe, lessons.hearings
    delimiter = LETTERS.tokens[WORD_DELIMITER]
    speech = SplicedSpeech(
        speech_model,
        lessons.dataset,
        recipe.corpus.train,
        gaps=gaps,
        delimiter=delimiter,
        seed=recipe.seed + STAGES.index(stage),
    )

    def before_step(state: State) -> None:
        speech.turn = state.step
        speech.features = hearings[state.step % len(hearings)]

    regularise(speech_model.model, dropout=recipe.architecture.dropout, spec_augment=True)
    _train(speech_model, lessons, stage, speech, before_step)
    regularise(speech_model.model, dropout=recipe.architecture.dropout, spec_augment=False)


def _train(
    speech_model: SpeechModel, lessons: Lessons, stage: Stage, speech: Speech, before_step: Hook, sorted_epochs: int = 0
) -> None:
    recipe = lessons.recipe
    options: StageRecipe = getattr(recipe, stage)
    checkpoints = recipe.work / stage / stage_key(lessons.dataset, recipe, stage)
    job = job_for(speech_model, speech, recipe, options, lessons.clock, checkpoints)

    def loss(batch: Batch, _state: State) -> Any:
        return job.loss(through_context(speech_model.model, batch), speech_model.model)

    job.train(
        speech_model.model,
        loss=loss,
        learning_rate=options.learning_rate,
        sorted_epochs=sorted_epochs,
        before_step=before_step,
    )


@torch.inference_mode()
def word_gaps(speech_model: SpeechModel, lessons: Lessons) -> list[list[float]]:
    """The gaps between words of every unchanged training utterance, according to the model's alignment."""
    speech = Speech(speech_model, lessons.dataset, lessons.recipe.corpus.train, lessons.hearings[0])
    model, gaps = frozen_copy(speech_model.model), []  # a copy has no meter
    blank, delimiter = LETTERS.blank, LETTERS.tokens[WORD_DELIMITER]
    with lessons.clock.phase("alignment"):
        for index in tqdm(range(len(speech)), desc="align", unit="utt", mininterval=2):
            batch = through_context(model, speech.batch([index]))
            log_probabilities = forward(model, batch).logits[0].log_softmax(-1).cpu()
            gaps.append(gaps_between_words(log_probabilities, speech.labels[index], blank, delimiter))
    return gaps
