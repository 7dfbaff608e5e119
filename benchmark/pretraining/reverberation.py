"""Simulated rooms for clean speech: reverberation, background noise, and telephone band for three in ten."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt

from benchmark.corpora.manifest import SAMPLE_RATE

REVERBERATION_SECONDS = (0.2, 0.6)  # RT60: time in which the sound falls by 60 dB
DIRECT_TO_REVERBERANT_DB = (0.0, 8.0)
SIGNAL_TO_NOISE_DB = (5.0, 20.0)
TELEPHONE_BAND_HZ = (300, 3400)
TELEPHONE_SHARE = 0.3
BABBLE_SHARE = 0.5
BABBLE_TALKERS = (4, 9)
ROOM = (  # all that decides how a room sounds, besides chance
    REVERBERATION_SECONDS,
    DIRECT_TO_REVERBERANT_DB,
    SIGNAL_TO_NOISE_DB,
    TELEPHONE_BAND_HZ,
    TELEPHONE_SHARE,
    BABBLE_SHARE,
    BABBLE_TALKERS,
)

Talker = TypeVar("Talker")


def room_impulse_response(rng: np.random.Generator) -> np.ndarray:
    """Impulse response: the direct sound, then exponentially decaying noise from 3 ms on (Polack's room model)."""
    reverberation = rng.uniform(*REVERBERATION_SECONDS)
    time = np.arange(int(reverberation * SAMPLE_RATE)) / SAMPLE_RATE
    tail = rng.normal(size=time.size) * 10 ** (-3 * time / reverberation) * (time > 0.003)
    ratio = 10 ** (rng.uniform(*DIRECT_TO_REVERBERANT_DB) / 10)
    response: np.ndarray = tail / np.sqrt(ratio * np.sum(tail**2))
    response[0] = 1.0
    return response


def coloured_noise(samples: int, rng: np.random.Generator) -> np.ndarray:
    """Noise with power proportional to 1 / frequency ** a, where a is drawn from 0 (white) to 2 (brown)."""
    spectrum = np.fft.rfft(rng.normal(size=samples))
    frequency = np.maximum(np.fft.rfftfreq(samples, 1 / SAMPLE_RATE), 50)
    coloured: np.ndarray = np.fft.irfft(spectrum * frequency ** (-rng.uniform(0, 2) / 2), samples)
    return coloured


def babble(samples: int, talkers: list[np.ndarray]) -> np.ndarray:
    """Sum of all talkers, each repeated to fill the length."""
    together: np.ndarray = np.sum([np.resize(talker, samples) for talker in talkers], axis=0)
    return together


def telephone(audio: np.ndarray) -> np.ndarray:
    """The audio limited to the telephone band."""
    return np.asarray(sosfilt(butter(4, TELEPHONE_BAND_HZ, "bandpass", fs=SAMPLE_RATE, output="sos"), audio))


def heard_in_a_room(
    audio: np.ndarray, rng: np.random.Generator, crowd: Sequence[Talker], voice: Callable[[Talker], np.ndarray]
) -> np.ndarray:
    """The utterance (samples,) in a room, at its original level.

    `crowd` lists at least eight possible background talkers; `voice` returns a talker's audio.
    """
    level = np.sqrt(np.mean(audio**2))
    heard = fftconvolve(audio, room_impulse_response(rng))[: len(audio)]
    if rng.random() < BABBLE_SHARE:
        talkers = rng.choice(len(crowd), rng.integers(*BABBLE_TALKERS), replace=False)
        noise = babble(len(audio), [voice(crowd[i]) for i in talkers])
    else:
        noise = coloured_noise(len(audio), rng)
    ratio = 10 ** (rng.uniform(*SIGNAL_TO_NOISE_DB) / 10)
    heard = heard + noise * np.sqrt(np.mean(heard**2) / (ratio * np.mean(noise**2)))
    if rng.random() < TELEPHONE_SHARE:
        heard = telephone(heard)
    louder: np.ndarray = (heard * (level / np.sqrt(np.mean(heard**2)))).astype(np.float32)
    return louder
