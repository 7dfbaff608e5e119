"""Measures how much faster a compressed model transcribes than the dense one, alternating on the same batches."""

from __future__ import annotations

import statistics

import numpy as np

from benchmark.models.batch import Batch
from benchmark.models.checkpoints import SpeechModel
from benchmark.runs.records import Speedup
from benchmark.runs.transcription import decode_timed
from benchmark.training.speech import Speech

ROUNDS = 7
SECONDS = 48.0  # approximate seconds of audio per round


def speedup(dense: SpeechModel, compressed: SpeechModel, speech: Speech, batch_seconds: float) -> Speedup:
    """Return the dense model's transcription time over the compressed model's, both on the same device.

    The times of whole test sets are not comparable: on a shared machine the same model ran at half its speed an hour
    later. Alternating exposes both models to the same load, and the median ignores rounds where only one was slowed.

    Args:
        dense: the model before compression.
        compressed: the compressed model.
        speech: the speech to transcribe; a few batches are used, from short utterances to long ones.
        batch_seconds: size of the batches in seconds of audio, padding included.
    """
    batches = _sample(speech, batch_seconds)
    ratios = [_ratio(dense, compressed, batches) for _ in range(ROUNDS + 1)][1:]  # the first warms up
    return Speedup(median=statistics.median(ratios), low=min(ratios), high=max(ratios))


def _sample(speech: Speech, batch_seconds: float) -> list[Batch]:
    plan = speech.decoding_batches(batch_seconds)
    count = max(1, round(SECONDS / batch_seconds))
    places = np.unique(np.linspace(0, len(plan) - 1, count + 2)[1:-1].round())  # a small set has fewer batches
    return [speech.batch(plan[int(place)]) for place in places]


def _ratio(dense: SpeechModel, compressed: SpeechModel, batches: list[Batch]) -> float:
    """Ratio of the two models' total times over all batches, alternating at each batch."""
    pairs = [(decode_timed(dense, batch)[1], decode_timed(compressed, batch)[1]) for batch in batches]
    return sum(before for before, _ in pairs) / sum(after for _, after in pairs)
