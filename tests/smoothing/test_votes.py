"""The vote: its noise belongs to the utterance, and the samples that choose are not those that count."""

from __future__ import annotations

import numpy as np

from benchmark.smoothing.votes import Floats, Sampling, hold_vote, loudness, randomness, within

AUDIO: Floats = np.linspace(-1, 1, 40, dtype=np.float32)
SAMPLING = Sampling(selection=5, samples=20, tolerance=0.25)


class Listener:
    """Keeps what it hears; writes one text for the first copies and another for the rest."""

    def __init__(self, texts: dict[int, str] | None = None) -> None:
        self.heard: list[Floats] = []
        self.texts = texts or {0: "one"}

    def __call__(self, noisy: Floats) -> list[str]:
        self.heard += list(noisy)
        numbers = range(len(self.heard) - len(noisy), len(self.heard))
        return [self.texts[max(start for start in self.texts if start <= number)] for number in numbers]


def heard(utterance: str, *, noise: float = 0.1, copies: int = 7) -> Floats:
    listener = Listener()
    hold_vote(listener, AUDIO, noise, randomness(utterance), SAMPLING, copies)
    return np.stack(listener.heard) - AUDIO


def test_every_model_hears_the_same_noise_in_any_order_and_in_any_batches() -> None:
    forwards = {name: heard(name) for name in ("a-1", "a-2")}
    backwards = {name: heard(name, copies=25) for name in ("a-2", "a-1")}
    for name in forwards:
        np.testing.assert_array_equal(forwards[name], backwards[name])
    assert not np.allclose(forwards["a-1"], forwards["a-2"])


def test_the_noise_of_one_level_is_a_multiple_of_anothers() -> None:
    np.testing.assert_allclose(heard("a-1", noise=0.1), 2 * heard("a-1", noise=0.05), atol=1e-6)
    assert abs(heard("a-1", noise=0.1).std() - 0.1) < 0.01


def test_the_samples_that_choose_are_not_counted() -> None:
    noise = heard("a-1")
    assert len(noise) == 25
    assert len(np.unique(noise, axis=0)) == 25
    votes = hold_vote(Listener({0: "one", 5: "two"}), AUDIO, 0.1, randomness("a-1"), SAMPLING, copies=3)
    assert (votes.modal, votes.exact, votes.grouped) == ("one", 0, 0)


def test_copies_are_counted_word_for_word_and_near() -> None:
    listener = Listener({0: "a b c d", 9: "a b c x", 12: "a b x y"})
    votes = hold_vote(listener, AUDIO, 0.1, randomness("a-1"), SAMPLING, copies=4)
    assert (votes.modal, votes.exact, votes.grouped) == ("a b c d", 4, 7)


def test_near_is_a_share_of_the_references_words() -> None:
    assert within(0.25, "a b c d", ["a b c d", "a b c", "a b c d e", "a b", ""]) == {"a b c d", "a b c", "a b c d e"}
    assert within(0.2, "a b c d", ["a b c d", "a b c"]) == {"a b c d"}
    assert within(0.25, "", ["", "a"]) == {""}


def test_loudness_is_the_root_mean_square() -> None:
    assert loudness(np.array([3, -3, 3, -3], dtype=np.float32)) == 3
    assert loudness(np.zeros(4, dtype=np.float32)) > 0
