"""Rooms: how long they ring, what a telephone lets through, and that the seed determines the result."""

from __future__ import annotations

import numpy as np
import pytest

from benchmark.pretraining.reverberation import heard_in_a_room, room_impulse_response, telephone


def tone(pitch: float = 440.0, seconds: float = 1.0) -> np.ndarray:
    return 0.3 * np.sin(2 * np.pi * pitch * np.arange(int(16_000 * seconds)) / 16_000).astype(np.float32)


def test_what_is_heard_is_fixed_by_the_seed() -> None:
    audio = tone()
    crowd = [100 + 50 * i for i in range(10)]

    def heard(seed: int) -> np.ndarray:
        return heard_in_a_room(audio, np.random.default_rng(seed), crowd, lambda pitch: tone(pitch=pitch))

    np.testing.assert_array_equal(heard(5), heard(5))
    assert not np.array_equal(heard(5), heard(6))
    assert heard(5).shape == audio.shape
    assert np.sqrt(np.mean(heard(5) ** 2)) == pytest.approx(np.sqrt(np.mean(audio**2)), rel=1e-3)


def test_a_room_rings_for_its_reverberation_time() -> None:
    for seed in range(5):
        response = room_impulse_response(np.random.default_rng(seed))
        seconds = response.size / 16_000
        assert 0.2 <= seconds <= 0.6
        tail = response[160:] ** 2
        early, late = tail[: tail.size // 2].sum(), tail[tail.size // 2 :].sum()
        # Energy falls by 60 dB over the response, so by about 30 dB from its first half to its second.
        assert 10 * np.log10(early / late) == pytest.approx(30 * (1 - 0.01 / seconds), abs=3)


def test_a_telephone_lets_only_its_band_through() -> None:
    def gain(pitch: float) -> float:
        audio = np.sin(2 * np.pi * pitch * np.arange(16_000) / 16_000)
        return float(np.sqrt(np.mean(telephone(audio)[4000:] ** 2) / 0.5))

    assert gain(1000) == pytest.approx(1, abs=0.05)
    assert gain(100) < 0.05
    assert gain(6000) < 0.05
