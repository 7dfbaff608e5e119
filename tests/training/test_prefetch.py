"""Loading ahead: the same batches in the same order, one step early, errors and all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from conftest import MakeJob

from benchmark.models.batch import Batch
from benchmark.toolbox.job import Job
from benchmark.training.hooks import State
from benchmark.training.prefetch import load_ahead


@pytest.mark.parametrize("ahead", [0, 1, 3, 100])
def test_the_order_is_that_of_the_items(ahead: int) -> None:
    loaded = [(item, load()) for item, load in load_ahead(range(20), lambda item: item * item, ahead)]
    assert loaded == [(item, item * item) for item in range(20)]
    assert list(load_ahead([], lambda item: item, ahead)) == []


@pytest.mark.parametrize("ahead", [0, 1, 3])
def test_so_many_items_are_drawn_ahead_and_no_more(ahead: int) -> None:
    drawn: list[int] = []

    def endless() -> Iterator[int]:
        while True:
            drawn.append(len(drawn))
            yield drawn[-1]

    loading = load_ahead(endless(), lambda item: item, ahead)
    for number in range(5):
        item, load = next(loading)
        assert (item, load()) == (number, number)
        assert len(drawn) == number + 1 + ahead
    loading.close()


def test_the_next_item_is_loaded_while_this_one_is_in_use() -> None:
    """The first call returns only when the second item is being loaded: without a thread this would never end."""
    second = threading.Event()

    def load(item: int) -> int:
        if item == 1:
            second.set()
        return item

    loading = load_ahead(range(2), load, ahead=1)
    _, first = next(loading)
    assert first() == 0
    assert second.wait(timeout=60)


@pytest.mark.parametrize("ahead", [0, 1])
def test_an_error_comes_with_its_own_item(ahead: int) -> None:
    def load(item: int) -> int:
        if item == 2:
            raise ValueError(f"item {item} is damaged")
        return item

    loading = load_ahead(range(5), load, ahead)
    assert [next(loading)[1]() for _ in range(2)] == [0, 1]
    with pytest.raises(ValueError, match="item 2 is damaged"):
        next(loading)[1]()


def trained(job: Job, lengths: list[int]) -> list[torch.Tensor]:
    """Train; the label lengths of every batch go into `lengths`."""

    def loss(batch: Batch, _state: State) -> torch.Tensor:
        lengths.extend(batch.label_lengths.tolist())
        return job.loss(batch)

    job.train(job.model, learning_rate=1e-3, loss=loss)
    return list(job.model.parameters())


def test_training_is_the_same_with_and_without(
    make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights to the bit, and the batches that the losses saw."""
    seen: list[int] = []
    ahead = trained(make_job(tmp_path / "ahead"), seen)
    monkeypatch.setattr("benchmark.training.loop.load_ahead", lambda items, load, _: load_ahead(items, load, 0))
    seen_in_line: list[int] = []
    in_line = trained(make_job(tmp_path / "in line"), seen_in_line)
    assert seen == seen_in_line
    assert all(torch.equal(a, b) for a, b in zip(ahead, in_line, strict=True))


def test_a_batch_that_cannot_be_loaded_stops_training(
    make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job(tmp_path)

    def damaged(_indices: list[int], _speed: float) -> Batch:
        raise OSError("the audio is gone")

    monkeypatch.setattr(job._speech, "collate", damaged)
    with pytest.raises(OSError, match="the audio is gone"):
        trained(job, [])
