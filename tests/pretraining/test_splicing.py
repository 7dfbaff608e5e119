"""Splicing: cuts stand between words, and what is spliced has the words of its two halves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from benchmark.corpora.manifest import Dataset
from benchmark.models.checkpoints import load
from benchmark.models.fresh import LETTERS
from benchmark.pretraining.splicing import SplicedSpeech, gaps_between_words

BLANK, DELIMITER, A, B = 0, 1, 2, 3


def spoken(frames: list[int]) -> torch.Tensor:
    """Log-probabilities of a model that is nearly sure of these tokens."""
    return torch.nn.functional.one_hot(torch.tensor(frames), 4).float().mul(10).log_softmax(-1)


def test_a_gap_is_in_the_middle_between_two_words() -> None:
    frames = [A, A, BLANK, DELIMITER, BLANK, BLANK, BLANK, B, B, DELIMITER, A, BLANK]
    gaps = gaps_between_words(spoken(frames), torch.tensor([A, DELIMITER, B, DELIMITER, A]), BLANK, DELIMITER)
    np.testing.assert_allclose(gaps, [(2 + 7) / 2 / 12, (9 + 10) / 2 / 12])


def test_labels_that_do_not_fit_have_no_gap() -> None:
    assert gaps_between_words(spoken([A, B]), torch.tensor([A, DELIMITER, B]), BLANK, DELIMITER) == []
    assert gaps_between_words(spoken([A, A, DELIMITER]), torch.tensor([A, A, DELIMITER]), BLANK, DELIMITER) == []


def test_spliced_features_carry_the_spliced_words(tiny_model: Path, tiny_corpus: Path) -> None:
    """Each frame of the cached features holds the number of its word: what is cut must agree with the labels."""
    speech_model, dataset = load(tiny_model), Dataset.open(tiny_corpus)
    utterances = dataset.split("train")
    counts = [len(u.text.split()) for u in utterances]
    gaps = [[word / count for word in range(1, count)] for count in counts]
    numbers = np.cumsum([0, *counts])

    def hearing(index: int, _speed: float) -> np.ndarray:
        return np.repeat(np.arange(numbers[index], numbers[index + 1]), 6)[:, None].astype(np.float16)

    words = [word for u in utterances for word in u.text.split()]
    speech = SplicedSpeech(speech_model, dataset, "train", gaps=gaps, delimiter=LETTERS.tokens["|"], seed=0)
    speech.features = hearing
    spliced = 0
    for turn in range(5):
        speech.turn = turn
        for index, utterance in enumerate(utterances):
            features, labels = speech.example(index, 1.0)
            heard = [words[number] for number in features[::6, 0].astype(int)]
            assert labels.tolist() == speech_model.tokenizer.encode(" ".join(heard))
            spliced += heard != utterance.text.split()
            again = speech.example(index, 1.0)
            assert np.array_equal(again[0], features)
    assert spliced > 10
