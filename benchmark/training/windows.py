"""Windows of a model that hears speech in windows of one length: utterances are joined to fill them, or cut to fit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import numpy as np

from benchmark.corpora.manifest import SAMPLE_RATE, Utterance
from benchmark.system.errors import UserError

PAUSE = SAMPLE_RATE // 5  # samples over which a cut looks for quiet
STEP = SAMPLE_RATE // 20
FARTHEST = 3 * SAMPLE_RATE  # from an even division


def joined(utterances: Iterable[Utterance], longest: int) -> list[Utterance]:
    """Join neighbouring utterances of a speaker and recording as long as they fit into a window of `longest` samples.

    Their audio must be adjacent in the corpus's file. A joined utterance has the id of its first one.

    Raises:
        UserError: an utterance is longer than a window.
    """
    windows: list[Utterance] = []
    for utterance in utterances:
        if utterance.samples > longest:
            raise UserError(
                f"utterance {utterance.id} of {utterance.split} has {utterance.seconds:.1f} s, more than the model's "
                f"window of {longest / SAMPLE_RATE:g} s: set `max_seconds` under `corpus` to that"
            )
        last = windows[-1] if windows else None
        if last and _adjacent(last, utterance) and last.samples + utterance.samples <= longest:
            text = f"{last.text} {utterance.text}"
            windows[-1] = replace(last, text=text, samples=last.samples + utterance.samples)
        else:
            windows.append(utterance)
    return windows


def _adjacent(one: Utterance, other: Utterance) -> bool:
    """Whether an utterance follows another in the same recording, which ids name before their last `-`."""
    same = one.speaker == other.speaker and one.id.rpartition("-")[0] == other.id.rpartition("-")[0]
    return same and one.start + one.samples == other.start


def cuts(samples: np.ndarray, longest: int) -> list[slice]:
    """Cut audio (samples,) that is longer than a window into as few parts as fit, at the quietest places.

    A cut is at most three seconds from an even division.
    """
    count = -(-len(samples) // longest)
    even = len(samples) / count
    reach = min(FARTHEST, int(longest - even) // 2)
    inner = [_quietest(samples, round(i * even), reach) for i in range(1, count)]
    ends = [0, *inner, len(samples)]
    return [slice(start, end) for start, end in pairwise(ends)]


def _quietest(samples: np.ndarray, centre: int, reach: int) -> int:
    """The middle of the quietest fifth of a second within `reach` samples of a place."""
    places = range(centre - reach, centre + reach + 1, STEP)
    energy = [
        float(np.square(samples[max(0, p - PAUSE // 2) : p + PAUSE // 2], dtype=np.float64).sum()) for p in places
    ]
    return places[int(np.argmin(energy))]
