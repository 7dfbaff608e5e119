"""Bootstrap over training seeds and test utterances: intervals and differences of systems with several seeds each.

Seeds and utterances are crossed: every seed recognises every utterance. Each replication therefore draws both on their
own, as the pigeonhole bootstrap does (Owen, Annals of Applied Statistics 2007). Units of the test set, speakers or
utterances, are drawn once for all systems (`bootstrap.resample`), so every difference is paired. Seeds are drawn with
replacement for each system, because trainings of two systems have nothing in common but the number of their seed.

Few seeds are drawn from too narrow a distribution: the variance of s values around their own mean is too small by
(s - 1) / s (Davison and Hinkley 1997, section 3.8). In each replication the drawn seeds' deviation from the mean over
all seeds is therefore multiplied by sqrt(s / (s - 1)).

The chance in how one seed recognises one utterance is in both draws and counts more than once, as Owen shows. This
makes the intervals too wide where seeds differ by nothing else. With three seeds it makes up for their small number, as
long as the variance over seeds does not exceed that over utterances by far: docs/trust.md has the measured coverage.

A system with one seed, or without randomness, has only its utterances drawn. Its interval covers the choice of the test
set, and nothing of the chance in training.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from benchmark.scoring.bootstrap import SEED, Unit, interval, resample
from benchmark.scoring.wer import WordErrors, total

_ROUNDING = 1e-12  # standard errors of WER below this are those of equal numbers


@dataclass(frozen=True)
class Difference:
    """WER of one system minus that of another, as a fraction: positive means that the first is worse.

    Attributes:
        delta: the difference of the means over all seeds.
        low, high: its 95 % percentile interval.
        p: two-tailed, of the hypothesis that the difference is 0; None if the difference does not vary at all, and is
            not 0. Then no test is possible.
    """

    delta: float
    low: float
    high: float
    p: float | None


class Draws:
    """The WER of every system in every replication.

    Attributes:
        unit: the unit of the test set that was drawn.
        wers: WER by system, the mean over its seeds.
    """

    def __init__(self, unit: Unit, wers: Mapping[str, float], samples: Mapping[str, NDArray[np.float64]]) -> None:
        """Take WER by system, and its value in each replication, (replications,)."""
        self.unit, self.wers, self._samples = unit, wers, samples

    def interval(self, name: str) -> tuple[float, float]:
        """The 95 % percentile interval of a system's WER."""
        return interval(self._samples[name])

    def difference(self, a: str, b: str) -> Difference:
        """System `a` minus system `b`.

        p comes from the normal distribution, with the bootstrap's standard error. The share of replications beyond zero
        cannot be smaller than one of all, which is too coarse for Holm's correction over a thousand pairs.
        """
        samples = self._samples[a] - self._samples[b]
        delta = self.wers[a] - self.wers[b]
        return Difference(delta, *interval(samples), _p(delta, float(samples.std(ddof=1))))


def draws(utterances: Sequence[str], systems: Mapping[str, Sequence[Sequence[WordErrors]]]) -> Draws:
    """Draw seeds and units of the test set.

    The seeds that are drawn for a system depend on its name alone: neither the order of the systems nor the presence of
    others changes a number.

    Args:
        utterances: ids, which contain the speakers.
        systems: for each system and each of its seeds the counts of each utterance, in the order of the ids.
    """
    unit, rates = resample(utterances, [counts for seeds in systems.values() for counts in seeds])
    ends = np.cumsum([len(seeds) for seeds in systems.values()])[:-1]
    parts = zip(systems, np.split(rates, ends, axis=1), strict=True)
    wers = {name: statistics.fmean(total(counts).wer for counts in seeds) for name, seeds in systems.items()}
    return Draws(unit, wers, {name: _over_drawn_seeds(name, part) for name, part in parts})


def _over_drawn_seeds(name: str, rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean WER over seeds drawn with replacement, (replications,), from the WER of each seed, (replications, seeds)."""
    replications, n = rates.shape
    mean: NDArray[np.float64] = rates.mean(axis=1)
    if n == 1:
        return mean
    rng = np.random.default_rng([SEED, crc32(name.encode())])
    times_drawn = rng.multinomial(n, [1 / n] * n, size=replications)
    drawn: NDArray[np.float64] = (times_drawn * rates).sum(axis=1) / n
    widened: NDArray[np.float64] = mean + math.sqrt(n / (n - 1)) * (drawn - mean)
    return widened


def _p(delta: float, error: float) -> float | None:
    """Two-tailed normal p of a difference with this standard error."""
    if error > _ROUNDING:
        return math.erfc(abs(delta) / error / math.sqrt(2))
    return 1.0 if abs(delta) <= _ROUNDING else None
