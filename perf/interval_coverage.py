"""How often 95 % intervals hold the true value, on simulated test sets and trainings whose truth is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.scoring.bootstrap import interval, resample
from benchmark.scoring.hierarchical import draws
from benchmark.scoring.multiple import significant
from benchmark.scoring.wer import WordErrors

SPEAKERS = (5, 10, 20, 40)
UTTERANCES_OF_A_SPEAKER = 50
SPREAD = 0.3  # standard deviation of the speakers' error rates over their mean

UTTERANCES, WORDS, WER = 600, 9, 0.19  # about those of `mini-full` with 65 % of the weights removed, on test-clean
# Correlation of two seeds' errors in a word. The seeds of `mini-full` differ by 0.2 errors (variance within an
# utterance) for each error, and independent ones would differ by 1 - WER.
SAME = 0.75
SEED_SD = 0.0036  # standard deviation of WER over seeds in `mini-full`, without the chance in the test set

_AT_ONCE = 50  # repetitions in memory


@dataclass(frozen=True)
class TestSetCoverage:
    """Coverage of the interval of a WER on a simulated test set."""

    __test__ = False  # not a test of pytest's

    speakers: int
    correlated: bool  # whether speakers have error rates of their own
    drawn: Literal["utterances", "speakers"]
    repetitions: int
    covered: float


@dataclass(frozen=True)
class SeedCoverage:
    """Coverage over seeds and utterances: of the WER of a system, and of the difference to one that is equally good.

    `marked` is the share of these differences with p of 0.05 or less.
    """

    seeds: int
    seed_sd: float
    repetitions: int
    covered: float
    difference_covered: float
    marked: float


@cache
def _counts(words: int, errors: int) -> WordErrors:
    return WordErrors(utterances=1, words=words, substitutions=errors, deletions=0, insertions=0)


def _all_counts(words: NDArray[np.int64], errors: NDArray[np.int64]) -> list[WordErrors]:
    return [_counts(n, e) for n, e in zip(words.tolist(), errors.tolist(), strict=True)]


def test_set_coverage(
    rates: NDArray[np.float64], lengths: NDArray[np.int64], speakers: int, *, correlated: bool, repetitions: int
) -> list[TestSetCoverage]:
    """Simulate test sets and draw utterances, then speakers.

    An utterance has a length and an error rate drawn from those of a study. Its errors are Poisson with that rate,
    multiplied by the factor of its speaker if they are correlated. The factors are gamma distributed with mean 1, so
    the true WER is the mean rate.

    Args:
        rates: errors per word of each utterance of the study.
        lengths: words of each utterance of the study.
        speakers: number of speakers of the test set.
        correlated: whether speakers have error rates of their own.
        repetitions: number of simulated test sets.
    """
    rng = np.random.default_rng(0)
    shape = speakers, UTTERANCES_OF_A_SPEAKER
    words = rng.choice(lengths, shape)  # the same for all repetitions, which are then systems of one bootstrap
    covered = {"utterances": 0, "speakers": 0}
    for first in range(0, repetitions, _AT_ONCE):
        size = min(_AT_ONCE, repetitions - first), *shape
        factors = rng.gamma(SPREAD**-2, SPREAD**2, (*size[:2], 1)) if correlated else np.ones((1, 1, 1))
        errors = rng.poisson(words * rng.choice(rates, size) * factors)
        covered["utterances"] += _covered(float(rates.mean()), words.ravel(), errors.reshape(size[0], -1))
        covered["speakers"] += _covered(float(rates.mean()), words.sum(axis=1), errors.sum(axis=2))
    return [
        TestSetCoverage(speakers, correlated, "utterances", repetitions, covered["utterances"] / repetitions),
        TestSetCoverage(speakers, correlated, "speakers", repetitions, covered["speakers"] / repetitions),
    ]


def _covered(truth: float, words: NDArray[np.int64], errors: NDArray[np.int64]) -> int:
    """Number of repetitions whose interval holds the truth, from the words (units,) and errors (repetitions, units).

    The units are given as utterances without a speaker, so that exactly they are drawn.
    """
    _, samples = resample([f"unit{i}" for i in range(len(words))], [_all_counts(words, each) for each in errors])
    ends = [interval(column) for column in samples.T]
    return sum(low <= truth <= high for low, high in ends)


def seed_coverage(seeds: int, seed_sd: float, repetitions: int) -> SeedCoverage:
    """Simulate pairs of equally good systems, each with its own trainings, on test sets of their own.

    A word has a probability of error q, beta distributed with mean `WER`, which both systems share. A training has
    q + d q (1 - q) / E[q (1 - q)] instead, where d is normal with standard deviation `seed_sd`: its expected WER is
    `WER` + d.
    """
    rng = np.random.default_rng(0)
    covered = difference_covered = marked = 0
    for first in range(0, repetitions, _AT_ONCE):
        pairs = [_pair_of_systems(seeds, seed_sd, rng) for _ in range(min(_AT_ONCE, repetitions - first))]
        systems = {f"{which}{i}": runs for i, pair in enumerate(pairs) for which, runs in zip("ab", pair, strict=True)}
        found = draws([f"utterance{i}" for i in range(UTTERANCES)], systems)
        for i in range(len(pairs)):
            low, high = found.interval(f"a{i}")
            difference = found.difference(f"a{i}", f"b{i}")
            covered += low <= WER <= high
            difference_covered += difference.low <= 0 <= difference.high
            marked += significant(difference.p)
    shares = (number / repetitions for number in (covered, difference_covered, marked))
    return SeedCoverage(seeds, seed_sd, repetitions, *shares)


def _pair_of_systems(seeds: int, seed_sd: float, rng: np.random.Generator) -> list[list[list[WordErrors]]]:
    """The counts of each utterance, for two systems with their seeds."""
    concentration = 1 / SAME - 1
    q = rng.beta(WER * concentration, (1 - WER) * concentration, (UTTERANCES, WORDS))
    shift = q * (1 - q) / (WER * (1 - WER) * (1 - SAME))
    d = rng.normal(0, seed_sd, (2, seeds, 1, 1))
    errors = (rng.random((2, seeds, UTTERANCES, WORDS)) < q + d * shift).sum(axis=-1)
    words = np.full(UTTERANCES, WORDS)
    return [[_all_counts(words, run) for run in system] for system in errors]


def seed_conditions() -> Iterator[tuple[int, float]]:
    """Number of seeds and their standard deviation: none, that of the study, twice it and five times it."""
    for seeds in (1, 3):
        for factor in (0, 1, 2, 5):
            yield seeds, factor * SEED_SD
