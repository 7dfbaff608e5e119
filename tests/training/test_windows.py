"""Windows: which utterances are joined to fill them, and where longer audio is cut."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.corpora.manifest import SAMPLE_RATE, Utterance
from benchmark.system.errors import UserError
from benchmark.training.windows import cuts, joined

SECONDS = SAMPLE_RATE


def in_a_row(*ids: str, samples: int = 10) -> list[Utterance]:
    """Utterances of a corpus whose audio follows each other; each says its own number."""
    return [
        Utterance(id, id.partition("-")[0], "train", str(place), place * samples, samples)
        for place, id in enumerate(ids)
    ]


def test_neighbours_of_a_chapter_are_joined_as_long_as_they_fit() -> None:
    windows = joined(in_a_row("7-1-0", "7-1-1", "7-1-2", "7-1-3", "7-1-4"), longest=25)
    assert [(w.id, w.text, w.start, w.samples) for w in windows] == [
        ("7-1-0", "0 1", 0, 20),
        ("7-1-2", "2 3", 20, 20),
        ("7-1-4", "4", 40, 10),
    ]


def test_a_window_may_be_filled_to_its_last_sample() -> None:
    assert [w.samples for w in joined(in_a_row("7-1-0", "7-1-1"), longest=20)] == [20]


@pytest.mark.parametrize("second", ["7-2-0", "8-1-1"], ids=["another chapter", "another speaker"])
def test_other_recordings_are_not_joined(second: str) -> None:
    utterances = in_a_row("7-1-0", second)
    assert joined(utterances, longest=100) == utterances


def test_utterances_with_audio_between_them_are_not_joined() -> None:
    one, left_out, other = in_a_row("7-1-0", "7-1-1", "7-1-2")
    assert joined([one, other], longest=100) == [one, other]
    assert len(joined([one, left_out, other], longest=100)) == 1


def test_an_utterance_longer_than_a_window_is_one_line() -> None:
    (long,) = in_a_row("7-1-0", samples=31 * SECONDS)
    with pytest.raises(UserError, match=r"7-1-0 of train has 31\.0 s, .* window of 30 s: set `max_seconds`") as refused:
        joined([long], longest=30 * SECONDS)
    assert "\n" not in str(refused.value)


@given(st.integers(1, 200), st.integers(0, 4), st.integers(1, 200), st.integers(1, 400))
def test_parts_cover_everything_in_order_and_are_as_few_as_fit(full: int, windows: int, rest: int, unit: int) -> None:
    """Lengths from one sample to many seconds, just above and just below whole windows."""
    longest = full * unit
    samples = np.zeros(windows * longest + min(rest, longest), dtype=np.int16)
    parts = cuts(samples, longest)
    assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
    assert parts[-1].stop == len(samples)
    assert all(0 < part.stop - part.start <= longest for part in parts)
    assert len(parts) == -(-len(samples) // longest)


@given(st.floats(4.2, 7.4), st.booleans())
def test_a_cut_falls_into_silence_within_its_reach(begin: float, integers: bool) -> None:
    """The even division of 12 s is at 6 s, and with a window of 10 s a cut may be up to 2 s from it."""
    audio = np.random.default_rng(0).normal(0, 0.1, 12 * SECONDS).astype(np.float32)
    end = begin + 0.3
    audio[round(begin * SECONDS) : round(end * SECONDS)] = 0
    first, second = cuts((audio * 32768).astype(np.int16) if integers else audio, 10 * SECONDS)
    assert begin * SECONDS <= first.stop == second.start <= end * SECONDS


def test_a_cut_does_not_go_farther_than_the_window_allows() -> None:
    audio = np.ones(12 * SECONDS, dtype=np.float32)
    audio[: 3 * SECONDS] = 0  # a cut here would leave 9 s or more for the rest, but it is 3 s from the division
    first, second = cuts(audio, int(8.5 * SECONDS))
    assert first.stop >= 6 * SECONDS - int(1.25 * SECONDS)
    assert second.stop - second.start <= 8.5 * SECONDS


def test_joining_leaves_the_utterances_as_they_were() -> None:
    utterances = in_a_row("7-1-0", "7-1-1")
    before = [replace(utterance) for utterance in utterances]
    joined(utterances, longest=100)
    assert utterances == before
