"""Bootstrap intervals, against kaldialign's and against what the sampling unit implies."""

from __future__ import annotations

import random

import kaldialign
import numpy as np
import pytest

from benchmark.scoring.bootstrap import interval, resample
from benchmark.scoring.wer import WordErrors


def counts(words: int, errors: int) -> WordErrors:
    return WordErrors(utterances=1, words=words, substitutions=errors, deletions=0, insertions=0)


def test_agrees_with_kaldialign_over_utterances() -> None:
    rng = random.Random(0)
    vocabulary = [str(i) for i in range(50)]
    references = [rng.choices(vocabulary, k=rng.randint(4, 20)) for _ in range(200)]
    systems = [
        [[word if rng.random() > rate else rng.choice(vocabulary) for word in text] for text in references]
        for rate in (0.12, 0.10)
    ]
    errors = [
        [counts(len(r), int(kaldialign.edit_distance(r, h)["total"])) for r, h in zip(references, system, strict=True)]
        for system in systems
    ]
    unit, samples = resample([f"u{i}" for i in range(200)], errors)
    assert unit == "utterances"
    expected = kaldialign.bootstrap_wer_ci(references, *systems)
    for column, system in enumerate(("system1", "system2")):
        low, high = interval(samples[:, column])
        assert low == pytest.approx(expected[system]["ci95min"], abs=0.001)
        assert high == pytest.approx(expected[system]["ci95max"], abs=0.001)
    assert (samples[:, 0] > samples[:, 1]).mean() == pytest.approx(expected["p_s2_improv_over_s1"], abs=0.02)


def test_draws_speakers_where_they_are_known_and_many() -> None:
    names = [f"s{i % 20}-{i}" for i in range(400)]
    by_speaker = [counts(10, i % 20 % 2) for i in range(400)]  # half of the speakers never err, the others always
    unit, samples = resample(names, [by_speaker])
    assert unit == "speakers"
    assert samples.std() == pytest.approx(0.05 / 20**0.5, rel=0.05)
    unit, samples = resample([f"u{i}" for i in range(400)], [by_speaker])
    assert unit == "utterances"
    assert samples.std() == pytest.approx(0.05 / 400**0.5, rel=0.05)
    assert resample([f"s{i % 4}-{i}" for i in range(400)], [by_speaker])[0] == "utterances"  # too few speakers


def test_systems_share_the_draws() -> None:
    rng = random.Random(1)
    a = [counts(10, rng.randint(0, 5)) for _ in range(50)]
    b = [counts(10, c.errors + 1) for c in a]
    _, samples = resample([f"u{i}" for i in range(50)], [a, b])
    np.testing.assert_allclose(samples[:, 1] - samples[:, 0], 0.1)
    np.testing.assert_array_equal(samples, resample([f"u{i}" for i in range(50)], [a, b])[1])


def test_draws_without_a_word_are_left_out() -> None:
    _, samples = resample(["a", "b"], [[counts(0, 1), counts(4, 1)]])
    assert np.isfinite(samples).all()
    assert 0.7 < len(samples) / 10_000 < 0.8  # three of four draws hold the second utterance
