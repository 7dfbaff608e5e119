"""The bootstrap over seeds and utterances, against what is known in closed form."""

from __future__ import annotations

import random

import pytest

from benchmark.scoring.bootstrap import interval, resample
from benchmark.scoring.hierarchical import draws
from benchmark.scoring.wer import WordErrors

Z = 1.959964  # half the width of a normal 95 % interval, in standard errors


def counts(errors: list[int], words: int = 10) -> list[WordErrors]:
    return [WordErrors(utterances=1, words=words, substitutions=e, deletions=0, insertions=0) for e in errors]


def names(utterances: int) -> list[str]:
    return [f"u{number}" for number in range(utterances)]


def noisy(rate: float, seed: int, utterances: int = 400) -> list[WordErrors]:
    rng = random.Random(seed)
    return counts([sum(rng.random() < rate for _ in range(10)) for _ in range(utterances)])


def width(ends: tuple[float, float]) -> float:
    return ends[1] - ends[0]


def test_one_seed_is_the_bootstrap_of_the_test_set() -> None:
    errors = noisy(0.3, 0)
    unit, samples = resample(names(400), [errors])
    found = draws(names(400), {"system": [errors]})
    assert found.unit == unit == "utterances"
    assert found.interval("system") == interval(samples[:, 0])
    half = Z * (0.3 * 0.7 / 4000) ** 0.5
    assert found.interval("system") == pytest.approx(
        (found.wers["system"] - half, found.wers["system"] + half), abs=2e-3
    )


def test_seeds_alone_have_the_variance_of_their_mean() -> None:
    """Without variance over utterances, the interval is that of the mean of s independent values."""
    seeds = [counts([errors] * 50, words=100) for errors in range(20, 40)]  # WER 0.20, 0.21, ..., 0.39
    sample_variance = 20 * 21 / 12 * 1e-4
    found = draws(names(50), {"system": seeds})
    assert found.wers["system"] == pytest.approx(0.295)
    assert width(found.interval("system")) == pytest.approx(2 * Z * (sample_variance / 20) ** 0.5, rel=0.04)


def test_variances_of_seeds_and_utterances_add_up() -> None:
    utterances = [number % 2 * 20 for number in range(400)]  # half of them have WER 0.2, the others none
    seeds = [counts([errors + seed for errors in utterances], words=100) for seed in range(10)]
    variance = 0.1**2 / 400 + 10 * 11 / 12 * 1e-4 / 10
    found = draws(names(400), {"system": seeds}).interval("system")
    assert width(found) == pytest.approx(2 * Z * variance**0.5, rel=0.04)


def test_differences_are_paired_over_utterances() -> None:
    a = noisy(0.3, 0)
    b = counts([c.errors + 1 for c in a])
    found = draws(names(400), {"a": [a], "b": [b]}).difference("b", "a")
    assert (found.delta, found.low, found.high) == pytest.approx((0.1, 0.1, 0.1))
    assert found.p is None  # the difference has no variance, so no test is possible


def test_a_system_does_not_differ_from_itself() -> None:
    found = draws(names(400), {"system": [noisy(0.3, 0), noisy(0.3, 1)]}).difference("system", "system")
    assert (found.delta, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_p_is_that_of_the_interval() -> None:
    systems = {name: [noisy(rate, 3 * rank + seed) for seed in range(3)] for rank, (name, rate) in enumerate(RATES)}
    found = draws(names(400), systems)
    near, far, back = found.difference("b", "a"), found.difference("c", "a"), found.difference("a", "c")
    assert near.p is not None
    assert far.p is not None
    assert 0 < far.p < 1e-12 < 0.05 < near.p < 1
    assert near.low < 0 < near.high
    assert 0 < far.low < far.delta < far.high
    assert (back.delta, back.low, back.high, back.p) == pytest.approx((-far.delta, -far.high, -far.low, far.p))


RATES = (("a", 0.3), ("b", 0.3), ("c", 0.4))


def test_other_systems_and_their_order_change_nothing() -> None:
    systems = {name: [noisy(rate, seed) for seed in range(3)] for name, rate in RATES}
    found, backwards = draws(names(400), systems), draws(names(400), dict(reversed(systems.items())))
    few = draws(names(400), {name: systems[name] for name in "ca"})
    for other in backwards, few:
        assert found.interval("a") == other.interval("a")
        assert found.difference("a", "c") == other.difference("a", "c")


def test_speakers_are_drawn_where_they_are_known() -> None:
    by_speaker = counts([10 * (number % 20 % 2) for number in range(400)])
    found = draws([f"s{number % 20}-{number}" for number in range(400)], {"system": [by_speaker] * 2})
    assert found.unit == "speakers"
    assert width(found.interval("system")) == pytest.approx(2 * Z * 0.5 / 20**0.5, rel=0.1)
