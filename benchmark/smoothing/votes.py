"""The vote among noisy copies of a recording: CERTIFY's samples (Cohen et al., ICML 2019, algorithm 1). No torch."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmark.scoring.wer import utterance_errors, words

Floats = npt.NDArray[np.float32]
Decide = Callable[[Floats], list[str]]  # the transcripts of recordings (copies, samples)


@dataclass(frozen=True)
class Sampling:
    """How a vote is held.

    `selection` noisy copies choose the transcript, and `samples` fresh ones count the votes for it. A copy also agrees
    in the grouped decision if its transcript has at most `tolerance` word errors per word of the chosen one.
    """

    selection: int
    samples: int
    tolerance: float


@dataclass(frozen=True)
class Votes:
    """The chosen transcript, `modal`, and how many fresh samples agree with it, word for word and `grouped`."""

    modal: str
    exact: int
    grouped: int


def loudness(audio: Floats) -> float:
    """Root mean square of a recording (samples,); never 0, so that silence can be divided by it."""
    return max(float(np.sqrt(np.mean(np.square(audio, dtype=np.float64)))), 1e-6)


def randomness(utterance: str) -> np.random.Generator:
    """The random numbers of an utterance: the same for every model, every level of noise and every order."""
    return np.random.default_rng(list(hashlib.sha256(utterance.encode()).digest()))


def hold_vote(
    decide: Decide, audio: Floats, noise: float, random: np.random.Generator, sampling: Sampling, copies: int
) -> Votes:
    """Choose the most frequent transcript of noisy copies, then count it among fresh ones.

    Args:
        decide: makes transcripts from noisy audio.
        audio: the recording, float32 (samples,).
        noise: standard deviation of the noise.
        random: where the noise comes from. One level's noise is a multiple of another's.
        sampling: the numbers of noisy copies.
        copies: the most copies that `decide` gets at once.
    """
    first = _decisions(decide, audio, noise, random, sampling.selection, copies)
    modal, _ = Counter(first).most_common(1)[0]
    fresh = Counter(_decisions(decide, audio, noise, random, sampling.samples, copies))
    near = within(sampling.tolerance, modal, fresh)
    return Votes(modal, exact=fresh[modal], grouped=sum(fresh[text] for text in near))


def _decisions(
    decide: Decide, audio: Floats, noise: float, random: np.random.Generator, number: int, copies: int
) -> Iterator[str]:
    for start in range(0, number, copies):
        shape = min(copies, number - start), len(audio)
        yield from decide(audio + np.float32(noise) * random.standard_normal(shape, dtype=np.float32))


def within(tolerance: float, reference: str, texts: Collection[str]) -> set[str]:
    """Those of the texts with at most `tolerance` word errors per word of the reference."""
    most = tolerance * len(words(reference))
    if not most:
        return {text for text in texts if words(text) == words(reference)}
    errors = utterance_errors(dict.fromkeys(texts, reference), {text: text for text in texts}, "the samples")
    return {text for text, counts in zip(texts, errors, strict=True) if counts.errors <= most}
