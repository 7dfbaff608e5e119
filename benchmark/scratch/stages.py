"""The stages of training from scratch, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from benchmark.budget import Clock
from benchmark.corpora import prepare
from benchmark.corpora.manifest import Dataset
from benchmark.dense import word_error_rate
from benchmark.files import write_json
from benchmark.job import Job
from benchmark.models.checkpoints import CTCModel, frozen_copy, save_dense
from benchmark.models.forward import forward
from benchmark.models.regularisation import regularise
from benchmark.models.vocabulary import WORD_DELIMITER
from benchmark.scratch.front_end import on_top_of, through_context, train_front_end
from benchmark.scratch.hearings import cached_features
from benchmark.scratch.jobs import job_for
from benchmark.scratch.recipe import Recipe, StageRecipe, read_recipe, stage_key
from benchmark.training.batches import Batch
from benchmark.training.features import Features
from benchmark.training.loop import Hook, State
from benchmark.training.speech import Speech
from benchmark.training.splicing import SplicedSpeech, gaps_between_words


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
        hearings = cached_features(listener, dataset, recipe)
    ctc = on_top_of(listener, recipe)
    train_on_sentences(ctc, dataset, recipe, clock, hearings)
    train_on_spliced(ctc, dataset, recipe, clock, hearings)
    save_dense(ctc, recipe.output)
    corpus = recipe.corpus
    scores = {split: word_error_rate(ctc, dataset, split) for split in (corpus.dev, *corpus.tests)}
    write_json(recipe.output / "training.json", {"wer": scores, "seconds": clock.total(), "data": dataset.hash})
    print(f"{recipe.output}: " + ", ".join(f"{split} WER {100 * wer:.2f} %" for split, wer in scores.items()))


def train_on_sentences(
    ctc: CTCModel, dataset: Dataset, recipe: Recipe, clock: Clock, hearings: Sequence[Features]
) -> None:
    """Train what stands on the seven convolutions with CTC.

    Unregularised, short utterances first and the recordings as they are, to leave the plateau. Then batches take turns
    in the `hearings`; last come SpecAugment and dropout.
    """
    speech = Speech(ctc, dataset, recipe.corpus.train)
    dropout = recipe.architecture.dropout

    def before_step(state: State) -> None:
        speech.features = hearings[state.step % len(hearings) if state.progress >= recipe.varied_from else 0]
        on = state.progress >= recipe.regularised_from
        regularise(ctc.model, dropout=dropout if on else 0.0, spec_augment=on)

    checkpoints = recipe.work / "sentences" / stage_key(dataset, recipe, "spliced")
    job = job_for(ctc, speech, recipe, recipe.sentences, clock, checkpoints)
    _train(job, ctc, recipe.sentences, before_step, sorted_epochs=recipe.sorted_epochs)


def train_on_spliced(
    ctc: CTCModel, dataset: Dataset, recipe: Recipe, clock: Clock, hearings: Sequence[Features]
) -> None:
    """Train on, with all hearings and regularisers, on sentences spliced where the model hears the gaps."""
    tokens = ctc.vocabulary.tokens
    with clock.phase("alignment"):
        gaps = word_gaps(ctc, Speech(ctc, dataset, recipe.corpus.train, hearings[0]))
    speech = SplicedSpeech(
        ctc, dataset, recipe.corpus.train, gaps=gaps, delimiter=tokens[WORD_DELIMITER], seed=recipe.seed
    )

    def before_step(state: State) -> None:
        speech.turn = state.step
        speech.features = hearings[state.step % len(hearings)]

    regularise(ctc.model, dropout=recipe.architecture.dropout, spec_augment=True)
    job = job_for(ctc, speech, recipe, recipe.spliced, clock, recipe.work / "spliced" / stage_key(dataset, recipe))
    _train(job, ctc, recipe.spliced, before_step)
    regularise(ctc.model, dropout=recipe.architecture.dropout, spec_augment=False)


def _train(job: Job, ctc: CTCModel, stage: StageRecipe, before_step: Hook, sorted_epochs: int = 0) -> None:
    def loss(batch: Batch, _state: State) -> Any:
        batch = through_context(ctc.model, batch)
        return job.ctc_loss(job.forward(ctc.model, batch), batch)

    job.train(
        ctc.model,
        loss=loss,
        learning_rate=stage.learning_rate,
        sorted_epochs=sorted_epochs,
        before_step=before_step,
    )


@torch.inference_mode()
def word_gaps(ctc: CTCModel, speech: Speech) -> list[list[float]]:
    """The gaps between the words of every utterance of `speech`, which has cached features, as the model hears them."""
    model, gaps = frozen_copy(ctc.model), []  # a copy is not metered
    for index in tqdm(range(len(speech)), desc="align", unit="utt", mininterval=2):
        batch = through_context(model, speech.batch([index]))
        log_probabilities = forward(model, batch).logits[0].log_softmax(-1)
        gaps.append(
            gaps_between_words(
                log_probabilities.cpu(),
                speech.labels[index],
                ctc.vocabulary.blank,
                ctc.vocabulary.tokens[WORD_DELIMITER],
            )
        )
    return gaps
