"""The speech of the measurement: neighbours joined to the lengths of LibriSpeech, no more than is asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmark.corpora.manifest import SAMPLE_RATE, Dataset, Utterance
from benchmark.throughput.utterances import LENGTHS, SPLIT, joined, only


def short_utterances(number: int) -> list[Utterance]:
    """Utterances of one to five seconds."""
    rng, start, utterances = np.random.default_rng(0), 0, []
    for index in range(number):
        samples = int(rng.integers(1, 6)) * SAMPLE_RATE
        utterances.append(Utterance(f"s-{index}", "s", "train", f"word{index}", start, samples))
        start += samples
    return utterances


def test_joined_utterances_hold_all_the_speech_in_order() -> None:
    short = short_utterances(3000)
    long = joined(short)
    assert [word for u in long for word in u.text.split()] == [u.text for u in short]
    assert [u.start for u in long[1:]] == [u.start + u.samples for u in long[:-1]]
    assert long[-1].start + long[-1].samples == short[-1].start + short[-1].samples
    assert np.mean([u.seconds for u in long]) == pytest.approx(sum(LENGTHS) / 3, rel=0.05)
    assert joined([]) == []


def test_so_much_speech_and_no_more(tiny_corpus: Path) -> None:
    dataset = Dataset.open(tiny_corpus)
    utterances = dataset.split("train")
    chosen = only(dataset, utterances, 5.0).split(SPLIT)
    assert chosen == utterances[: len(chosen)]
    assert sum(u.seconds for u in chosen) <= 5.0 < sum(u.seconds for u in utterances[: len(chosen) + 1])
    assert only(dataset, utterances, 0.0).split(SPLIT) == utterances[:1]
