"""Training from scratch: the frozen convolutions, what is cached of them, and what stands on them."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
import yaml
from conftest import TINY

from benchmark import scratch
from benchmark.budget import Clock
from benchmark.corpora.manifest import Dataset
from benchmark.models.forward import frame_counts, frame_rate, front_end
from benchmark.models.fresh import fresh_model
from benchmark.scratch import Recipe
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
        "transformer": stage,
        "sorted_epochs": 1,
        "varied_from": 0.3,
        "regularised_from": 0.5,
    }
    path = tmp_path / "recipe.yaml"
    path.write_text(yaml.safe_dump(keys))
    (tmp_path / "data").symlink_to(tiny_corpus)
    return scratch.read_recipe(path)


def test_cached_features_through_the_context_are_the_whole_front_end(recipe: Recipe) -> None:
    dataset = Dataset.open(recipe.work / "data")
    listener = scratch.train_front_end(dataset, recipe, Clock())
    plain, varied = scratch.cached_features(listener, dataset, recipe)
    ctc = scratch.on_top_of(listener, recipe)
    speech = Speech(ctc, dataset, "train")
    whole = speech.batch([3], speed=1.1)
    assert whole.audio is not None
    speech.features = plain
    cached = scratch.through_context(ctc.model, speech.batch([3], speed=1.1))
    assert cached.features is not None
    torch.testing.assert_close(cached.features, front_end(ctc.model, whole.audio), atol=5e-3, rtol=0)
    assert cached.frames.tolist() == whole.frames.tolist()
    assert plain(3).shape != varied(3).shape  # another pace


def test_training_moves_what_stands_on_the_listener_and_nothing_else(recipe: Recipe) -> None:
    dataset, clock = Dataset.open(recipe.work / "data"), Clock()
    listener = scratch.train_front_end(dataset, recipe, clock)
    ctc, fresh = scratch.on_top_of(listener, recipe), scratch.on_top_of(listener, recipe)
    scratch.train_transformer(ctc, dataset, recipe, clock, *scratch.cached_features(listener, dataset, recipe))
    moved = [not torch.equal(a, b) for a, b in zip(ctc.model.parameters(), fresh.model.parameters(), strict=True)]
    frozen = [not p.requires_grad for p in fresh.model.parameters()]
    assert sum(moved) > 20
    assert not any(m and f for m, f in zip(moved, frozen, strict=True))
    context = scratch.convolutions(ctc.model)[7:]
    assert len(context) == 2
    assert all(bool(p.grad is not None) for p in context.parameters())


def test_frames_come_at_the_rate_of_the_strides() -> None:
    model = fresh_model(replace(TINY, context_strides=(2, 1)), seed=0).model
    seconds = int(frame_counts(model, torch.tensor([16_000 * 60]))[0]) / frame_rate(model)
    assert frame_rate(model) == 25
    assert seconds == pytest.approx(60, abs=0.5)
