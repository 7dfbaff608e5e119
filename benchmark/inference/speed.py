"""Measures how much faster a compressed model transcribes than the dense one, alternating on the same batches."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

import numpy as np

from benchmark.inference.measured_speed import Speedup
from benchmark.inference.transcription import Transcriber, decode_timed
from benchmark.models.batch import Batch
from benchmark.training.speech import Speech

ROUNDS = 7
SECONDS = 48.0  # approximate seconds of audio per round


def speedups(dense: Transcriber, others: Mapping[str, Transcriber], batches: Sequence[Batch]) -> dict[str, Speedup]:
    """Return the dense model's transcription time over that of each of the others, all on the same device.

    The times of whole test sets are not comparable: on a shared machine the same model ran at half its speed an hour
    later. Alternating exposes all models to the same load, and the median ignores rounds where only one was slowed.

    Args:
        dense: the model before compression.
        others: ways to run the compressed model, by name.
        batches: what to transcribe in each round, see `sample`.
    """
    rounds = [_ratios(dense, others, batches) for _ in range(ROUNDS + 1)][1:]  # the first warms up
    return {name: _speedup([ratios[name] for ratios in rounds]) for name in others}


def sample(speech: Speech, batch_seconds: float) -> list[Batch]:
    """A few batches of the speech, from short utterances to long ones.

    Args:
        speech: the speech to choose from.
        batch_seconds: size of the batches in seconds of audio, padding included.
    """
    plan = speech.decoding_batches(batch_seconds)
    count = max(1, round(SECONDS / batch_seconds))
    places = np.unique(np.linspace(0, len(plan) - 1, count + 2)[1:-1].round())  # a small set has fewer batches
    return [speech.batch(plan[int(place)]) for place in places]


def _ratios(dense: Transcriber, others: Mapping[str, Transcriber], batches: Sequence[Batch]) -> dict[str, float]:
    """Ratios of the dense model's total time over all batches to those of the others, alternating at each batch."""
    models = [dense, *others.values()]
    times = [[decode_timed(model, batch)[1] for model in models] for batch in batches]
    before, *after = [sum(of_model) for of_model in zip(*times, strict=True)]
    return {name: before / took for name, took in zip(others, after, strict=True)}


def _speedup(ratios: list[float]) -> Speedup:
    return Speedup(median=statistics.median(ratios), low=min(ratios), high=max(ratios))
