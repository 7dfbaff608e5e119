"""Training from scratch: the frozen convolutions, their cached output, and the layers on top of them."""

from __future__ import annotations

import shutil
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch
import yaml
from conftest import TINY

from benchmark.corpora.manifest import Dataset
from benchmark.models.forward import frame_counts, frame_rate, front_end
from benchmark.models.fresh import fresh_model
from benchmark.pretraining.front_end import at_full_rate, convolutions, on_top_of, through_context, train_front_end
from benchmark.pretraining.hearings import cached_features
from benchmark.pretraining.recipe import Recipe, read_recipe
from benchmark.pretraining.stages import (
    Lessons,
    train_all_stages,
    train_from_scratch,
    train_on_sentences,
    train_on_spliced,
    word_gaps,
)
from benchmark.system.errors import UserError
from benchmark.system.lock import exclusive
from benchmark.training.budget import Clock
from benchmark.training.speech import Speech


@pytest.fixture
def recipe(tmp_path: Path, tiny_corpus: Path) -> Recipe:
    """A recipe of a few steps; its corpus is prepared already."""
    stage = {"units": 100, "learning_rate": 1e-3, "batch_seconds": 4, "warmup": 0.1, "bf16": False}
    keys = {
        "corpus": {"name": "mini", "root": "data/mini", "train": "train", "dev": "test", "tests": ["test"]},
        "work": str(tmp_path),
        "output": str(tmp_path / "model"),
        "seed": 0,
        "architecture": asdict(TINY) | {"context_channels": 12, "context_kernel": 3, "context_strides": [2, 1]},
        "speeds": [1.0, 1.1],
        "front_end": stage,
        "sentences": stage,
        "spliced": stage,
        "fine": stage,
        "sorted_epochs": 1,
        "varied_from": 0.3,
        "regularised_from": 0.5,
    }
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(keys))
    (tmp_path / "data").symlink_to(tiny_corpus)
    return read_recipe(path)


def test_cached_features_through_the_context_are_the_whole_front_end(recipe: Recipe) -> None:
    dataset = Dataset.open(recipe.work / "data")
    listener = train_front_end(dataset, recipe, Clock())
    plain, voices, rooms = cached_features(listener, dataset, recipe)
    speech_model = on_top_of(listener, recipe)
    speech = Speech(speech_model, dataset, "train")
    whole = speech.batch([3], speed=1.1)
    assert whole.audio is not None
    speech.features = plain
    cached = through_context(speech_model.model, speech.batch([3], speed=1.1))
    assert cached.features is not None
    torch.testing.assert_close(cached.features, front_end(speech_model.model, whole.audio), atol=5e-3, rtol=0)
    assert cached.frames.tolist() == whole.frames.tolist()
    assert len({hearing(3).shape for hearing in (plain, voices, rooms)}) == 3  # other paces


def test_training_moves_what_stands_on_the_listener_and_nothing_else(recipe: Recipe) -> None:
    dataset, clock = Dataset.open(recipe.work / "data"), Clock()
    listener = train_front_end(dataset, recipe, clock)
    speech_model, fresh = on_top_of(listener, recipe), on_top_of(listener, recipe)
    lessons = Lessons(dataset, recipe, clock, cached_features(listener, dataset, recipe))
    train_on_sentences(speech_model, lessons)
    after_sentences = [p.clone() for p in speech_model.model.parameters()]
    train_on_spliced(speech_model, lessons, "spliced", word_gaps(speech_model, lessons))
    frozen = [not p.requires_grad for p in fresh.model.parameters()]
    for before, after in (
        (fresh.model.parameters(), after_sentences),
        (after_sentences, speech_model.model.parameters()),
    ):
        moved = [not torch.equal(a, b) for a, b in zip(before, after, strict=True)]
        assert sum(moved) > 20
        assert not any(m and f for m, f in zip(moved, frozen, strict=True))
    context = convolutions(speech_model.model)[7:]
    assert len(context) == 2
    assert all(bool(p.grad is not None) for p in context.parameters())


def test_stages_resume_to_the_same_weights(recipe: Recipe) -> None:
    dataset = Dataset.open(recipe.work / "data")

    def trained() -> list[torch.Tensor]:
        listener = train_front_end(dataset, recipe, Clock())
        lessons = Lessons(dataset, recipe, Clock(), cached_features(listener, dataset, recipe))
        return list(train_all_stages(listener, lessons).model.parameters())

    first = trained()
    shutil.rmtree(recipe.work / "fine")  # the last stage starts again, on what the checkpoints of the others hold
    assert all(torch.equal(a, b) for a, b in zip(first, trained(), strict=True))


def test_there_is_a_gap_between_any_two_words(recipe: Recipe) -> None:
    dataset = Dataset.open(recipe.work / "data")
    listener = train_front_end(dataset, recipe, Clock())
    lessons = Lessons(dataset, recipe, Clock(), cached_features(listener, dataset, recipe))
    found = word_gaps(on_top_of(listener, recipe), lessons)
    for gaps, utterance in zip(found, dataset.split("train"), strict=True):
        assert len(gaps) in (0, len(utterance.text.split()) - 1)
        assert all(0 < a < b < 1 for a, b in pairwise(gaps))


def test_the_last_stage_has_the_frames_of_the_seven_convolutions(recipe: Recipe) -> None:
    listener = train_front_end(Dataset.open(recipe.work / "data"), recipe, Clock())
    coarse = on_top_of(listener, recipe)
    fine = at_full_rate(coarse, listener, recipe)
    assert [frame_rate(speech_model.model) for speech_model in (coarse, fine)] == [25, 50]
    assert [speech_model.model.config.mask_time_length for speech_model in (coarse, fine)] == [5, 10]  # 0.2 s
    assert all(torch.equal(a, b) for a, b in zip(coarse.model.parameters(), fine.model.parameters(), strict=True))
    assert not any(p.requires_grad for layer in convolutions(fine.model)[:7] for p in layer.parameters())


def test_frames_come_at_the_rate_of_the_strides() -> None:
    model = fresh_model(replace(TINY, context_strides=(2, 1)), seed=0).model
    seconds = int(frame_counts(model, torch.tensor([16_000 * 60]))[0]) / frame_rate(model)
    assert frame_rate(model) == 25
    assert seconds == pytest.approx(60, abs=0.5)


def test_one_process_trains_by_a_recipe(recipe: Recipe) -> None:
    with (
        exclusive(recipe.work / "lock", "another training"),
        pytest.raises(UserError, match="is at work in another process"),
    ):
        train_from_scratch(recipe.work / "recipe.yaml")
