"""Certified radii, against the published values and against classifiers whose radius is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import beta, binom, binomtest

from benchmark.smoothing.certificates import (
    Certificate,
    abstention,
    average_radius,
    certified_accuracy,
    certified_radius,
    lower_bound,
    mcnemar,
    mean_ratio_in_db,
    require_certifiable,
)
from benchmark.smoothing.votes import Floats, Sampling, hold_vote, randomness
from benchmark.system.errors import UserError

ALPHA = 0.001


@pytest.mark.parametrize(("samples", "p", "radius"), [(100, 0.933254, 1.5005), (1000, 0.993116, 2.4633)])
def test_samples_that_all_agree_certify_the_largest_radius(samples: int, p: float, radius: float) -> None:
    assert lower_bound(samples, samples, ALPHA) == pytest.approx(p, abs=5e-7)
    assert certified_radius(samples, samples, 1.0, ALPHA) == pytest.approx(radius, abs=5e-5)
    assert certified_radius(samples, samples, 0.05, ALPHA) == pytest.approx(0.05 * radius, abs=5e-6)


def test_radii_of_larger_and_of_split_votes() -> None:
    assert certified_radius(100_000, 100_000, 1.0, ALPHA) == pytest.approx(3.8115, abs=5e-5)
    assert certified_radius(990, 1000, 1.0, ALPHA) == pytest.approx(1.978, abs=5e-4)


@pytest.mark.parametrize(("hits", "samples"), [(500, 1000), (60, 100), (0, 100)])
def test_votes_without_a_clear_majority_abstain(hits: int, samples: int) -> None:
    assert certified_radius(hits, samples, 1.0, ALPHA) is None


@pytest.mark.parametrize(("hits", "samples"), [(1, 10), (57, 100), (999, 1000)])
def test_the_bound_is_clopper_and_pearsons(hits: int, samples: int) -> None:
    assert lower_bound(hits, samples, ALPHA) == pytest.approx(beta.ppf(ALPHA, hits, samples - hits + 1), rel=1e-9)


@pytest.mark.parametrize("alpha", [0.05, ALPHA])
def test_the_radius_of_a_linear_classifier_is_exceeded_as_rarely_as_alpha_says(alpha: float) -> None:
    weights = np.arange(1, 9, dtype=np.float32)
    noise, runs = 0.5, 600
    point: Floats = np.float32(0.3) * weights / np.linalg.norm(weights)
    true = abs(float(weights @ point)) / float(np.linalg.norm(weights))

    def decide(noisy: Floats) -> list[str]:
        return ["plus" if side else "minus" for side in noisy @ weights > 0]

    radii = []
    for run in range(runs):
        votes = hold_vote(decide, point, noise, randomness(f"run {run}"), Sampling(20, 200, 0.0), copies=64)
        radii.append(certified_radius(votes.exact, 200, noise, alpha) or 0.0)
    assert true == pytest.approx(0.3)
    assert sum(radius > true for radius in radii) <= binom.ppf(0.999, runs, alpha)
    assert np.mean(radii) > true / 3  # and is not avoided by certifying nothing


def test_too_few_samples_are_refused_with_the_number_that_would_do() -> None:
    with pytest.raises(UserError, match=r"9 samples certify no radius at alpha 0.001, .* take 10 or more"):
        require_certifiable(9, ALPHA)
    require_certifiable(10, ALPHA)


def test_what_certificates_add_up_to() -> None:
    certificates = [
        Certificate(0.2, correct=True, norm=200.0),
        Certificate(0.1, correct=True, norm=10.0),
        Certificate(0.4, correct=False, norm=1.0),
        Certificate(None, correct=True, norm=1.0),
    ]
    assert certified_accuracy(certificates, 0.0) == 2 / 4
    assert certified_accuracy(certificates, 0.15) == 1 / 4
    assert average_radius(certificates) == pytest.approx(0.3 / 4)
    assert abstention(certificates) == 1 / 4
    assert mean_ratio_in_db(certificates) == pytest.approx((60 + 40) / 2)
    assert mean_ratio_in_db(certificates[2:]) is None


def test_the_ratio_of_a_second_at_the_largest_radius_of_a_thousand_samples() -> None:
    radius = certified_radius(1000, 1000, 0.01, ALPHA)
    assert mean_ratio_in_db([Certificate(radius, correct=True, norm=math.sqrt(16_000))]) == pytest.approx(74, abs=0.5)


@pytest.mark.parametrize(("first", "second"), [(0, 0), (3, 3), (1, 9), (12, 4), (0, 6)])
def test_mcnemar_is_the_exact_binomial_test(first: int, second: int) -> None:
    exact = binomtest(first, first + second).pvalue if first + second else 1.0
    assert mcnemar(first, second) == pytest.approx(exact)
