"""Batches of utterances of similar length, determined by a seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

BUCKET_BATCHES = 20  # utterances are sorted by length within windows of this many batches


def group_by_length(seconds: Sequence[float], order: Sequence[int], batch_seconds: float) -> list[list[int]]:
    """Cut `order` into batches of at most `batch_seconds` with padding. A longer utterance is a batch of its own."""
    batches: list[list[int]] = []
    batch: list[int] = []
    longest = 0.0
    for index in order:
        longest = max(longest, seconds[index])
        if batch and longest * (len(batch) + 1) > batch_seconds:
            batches.append(batch)
            batch, longest = [], seconds[index]
        batch.append(index)
    return [*batches, batch] if batch else batches


def epoch_batches(seconds: Sequence[float], batch_seconds: float, seed: int, epoch: int) -> list[list[int]]:
    """Batches of one epoch: shuffle, sort by length within windows, cut into batches, shuffle the batches.

    This is a pure function, so a resumed run only needs the epoch and the position in it.
    """
    rng = np.random.default_rng([seed, epoch])
    order = rng.permutation(len(seconds))
    mean = sum(seconds) / max(len(seconds), 1)
    window = max(1, int(BUCKET_BATCHES * batch_seconds / max(mean, 1e-3)))
    batches: list[list[int]] = []
    for start in range(0, len(order), window):
        bucket = sorted(order[start : start + window].tolist(), key=lambda i: seconds[i])
        batches.extend(group_by_length(seconds, bucket, batch_seconds))
    return [batches[i] for i in rng.permutation(len(batches))]


def sorted_batches(seconds: Sequence[float], batch_seconds: float) -> list[list[int]]:
    """Batches of all utterances, short first: for decoding, and for the first epochs of training from scratch."""
    return group_by_length(seconds, sorted(range(len(seconds)), key=lambda i: (seconds[i], i)), batch_seconds)
