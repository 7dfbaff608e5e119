"""Spliced sentences: the beginning of one utterance and the end of another, cut between words.

A small model that is trained for long on few sentences memorises them. Splicing gives it new sentences all the time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import Any

import numpy as np
import torch
import torchaudio

from benchmark.training.speech import Speech

SPLICED_SHARE = 0.75


def gaps_between_words(
    log_probabilities: torch.Tensor, labels: torch.Tensor, blank: int, delimiter: int
) -> list[float]:
    """Points where an utterance can be cut: the middle of each gap between words, as a share of its frames.

    Args:
        log_probabilities: output of a CTC model (frames, tokens).
        labels: token ids (letters,), with the delimiter between words.
        blank: id of the blank.
        delimiter: id of the word delimiter.

    Returns:
        One share per gap; an empty list if the labels do not fit into the frames.
    """
    repeats = int((labels[1:] == labels[:-1]).sum())
    if len(labels) + repeats > len(log_probabilities):
        return []
    aligned = torchaudio.functional.forced_align(log_probabilities[None].float(), labels[None].int(), blank=blank)
    path, scores = (part[0] for part in aligned)
    letters = torchaudio.functional.merge_tokens(path, scores, blank=blank)
    inner = range(1, len(letters) - 1)
    gaps = [(letters[i - 1].end, letters[i + 1].start) for i in inner if letters[i].token == delimiter]
    return [(end + start) / 2 / len(log_probabilities) for end, start in gaps]


class SplicedSpeech(Speech):
    """Speech in which three of four utterances get the end of another one of the same speaker.

    The other one is cut at about the same share of its length.

    Attributes:
        gaps: gaps of every utterance, as `gaps_between_words` returns them.
        turn: a number such as the training step. It determines the splice, together with the seed and the utterance.
    """

    def __init__(self, *args: Any, gaps: list[list[float]], delimiter: int, seed: int) -> None:
        super().__init__(*args)
        self.gaps, self.delimiter, self.seed, self.turn = gaps, delimiter, seed, 0
        self._of_speaker: dict[str, list[int]] = defaultdict(list)
        for index, utterance in enumerate(self.utterances):
            if gaps[index]:
                self._of_speaker[utterance.speaker].append(index)

    def example(self, index: int, speed: float) -> tuple[np.ndarray, torch.Tensor]:  # noqa: D102
        rng = np.random.default_rng([self.seed, self.turn, index])
        if not self.gaps[index] or rng.random() >= SPLICED_SHARE:
            return super().example(index, speed)
        other = int(rng.choice(self._of_speaker[self.utterances[index].speaker]))
        gap = int(rng.integers(len(self.gaps[index])))
        other_gap = min(bisect_left(self.gaps[other], self.gaps[index][gap]), len(self.gaps[other]) - 1)
        beginning, end = self._halves(index, gap, speed)[0], self._halves(other, other_gap, speed)[1]
        return np.concatenate([beginning[0], end[0]]), torch.cat([beginning[1], end[1]])

    def _halves(self, index: int, gap: int, speed: float) -> list[tuple[np.ndarray, torch.Tensor]]:
        """Features and labels before and after a gap; the delimiter belongs to the part before."""
        features, labels = super().example(index, speed)
        frame = round(self.gaps[index][gap] * len(features))
        letter = int((labels == self.delimiter).nonzero()[gap]) + 1
        return [(features[:frame], labels[:letter]), (features[frame:], labels[letter:])]
