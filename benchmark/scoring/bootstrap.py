"""Paired bootstrap of the word error rate (Bisani and Ney, ICASSP 2004): all systems share the same draws.

Speakers are drawn with replacement, since the errors of one speaker are correlated. If speakers are unknown or few,
utterances are drawn instead. The interval is the percentile interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.scoring.trn import speaker
from benchmark.scoring.wer import WordErrors

Unit = Literal["speakers", "utterances"]

FEWEST_SPEAKERS = 10  # resampling fewer speakers gives intervals that are far too narrow
REPLICATIONS = 10_000
SEED = 0
LEVEL = 0.95
TOO_NARROW = (
    f"Utterances are drawn where fewer than {FEWEST_SPEAKERS} speakers are known. Such an interval is too narrow if "
    "the errors of a speaker go together."
)
_AT_ONCE = 500  # replications in memory


def resample(utterances: Sequence[str], systems: Sequence[Sequence[WordErrors]]) -> tuple[Unit, NDArray[np.float64]]:
    """The unit that was drawn, and the WER of each system in each replication, (replications, systems).

    Args:
        utterances: ids, which contain the speakers.
        systems: for each system the counts of each utterance, in the order of the ids.
    """
    unit, units = _sampling_units(utterances)
    n = int(units.max()) + 1
    columns = [[c.words for c in systems[0]], *([c.errors for c in counts] for counts in systems)]
    sums = np.stack([np.bincount(units, weights=column, minlength=n) for column in columns], axis=1)
    rng = np.random.default_rng(SEED)
    totals = np.concatenate([_times_drawn(n, rng) @ sums for _ in range(REPLICATIONS // _AT_ONCE)])
    totals = totals[totals[:, 0] > 0]  # a draw that holds only empty references has no rate
    return unit, totals[:, 1:] / totals[:, :1]


def _sampling_units(utterances: Sequence[str]) -> tuple[Unit, NDArray[np.int64]]:
    """The unit to draw, and for each utterance the number of its unit."""
    names, speakers = np.unique([speaker(utterance) for utterance in utterances], return_inverse=True)
    if FEWEST_SPEAKERS <= len(names) < len(utterances):
        return "speakers", speakers
    return "utterances", np.arange(len(utterances))


def _times_drawn(n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """How often each of n units occurs in n draws with replacement, (_AT_ONCE, n)."""
    draws = rng.integers(n, size=(_AT_ONCE, n)) + n * np.arange(_AT_ONCE)[:, None]
    return np.bincount(draws.ravel(), minlength=_AT_ONCE * n).reshape(_AT_ONCE, n)


def remarks(unit: Unit) -> list[str]:
    """What a reader of an interval has to know; nothing if speakers were drawn."""
    return [TOO_NARROW] if unit == "utterances" else []


def interval(samples: NDArray[np.float64]) -> tuple[float, float]:
    """The interval that holds the central 95 % of the samples."""
    low, high = np.quantile(samples, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
