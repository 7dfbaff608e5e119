"""Certified radii of smoothed decisions (Cohen, Rosenfeld and Kolter, ICML 2019), and what they add up to. No torch."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import bdtr, betaincinv, ndtri

from benchmark.system.errors import UserError


def lower_bound(hits: int, samples: int, alpha: float) -> float:
    """Clopper and Pearson's one-sided lower bound on a probability, at confidence 1 - alpha."""
    return float(betaincinv(hits, samples - hits + 1, alpha)) if hits else 0.0


def certified_radius(hits: int, samples: int, noise: float, alpha: float) -> float | None:
    """The radius sigma Phi^-1(p) in which a smoothed decision cannot change; None if it abstains, because p < 1/2.

    Args:
        hits: number of the noisy samples that agreed with the decision.
        samples: their number. None of them may have chosen the decision.
        noise: standard deviation sigma of the noise.
        alpha: probability that the radius is too large.
    """
    p = lower_bound(hits, samples, alpha)
    return noise * float(ndtri(p)) if p >= 1 / 2 else None


def require_certifiable(samples: int, alpha: float) -> None:
    """Refuse numbers of samples with which every decision abstains.

    Raises:
        UserError: even samples that all agree certify no radius; the message says how many would.
    """
    if not certified_radius(samples, samples, 1.0, alpha):
        least = math.floor(math.log2(1 / alpha)) + 1
        raise UserError(
            f"{samples} samples certify no radius at alpha {alpha:g}, even if all agree: take {least} or more"
        )


@dataclass(frozen=True)
class Certificate:
    """The certified radius of one utterance.

    `radius`: None if the decision abstains; `correct`: whether the certified decision agrees with the reference;
    `norm`: the l2 norm of the recording, in the unit of the radius.
    """

    radius: float | None
    correct: bool
    norm: float

    def holds(self, radius: float) -> bool:
        """Whether the decision is correct and certified at a radius."""
        return self.correct and self.radius is not None and self.radius >= radius


def certified_accuracy(certificates: Sequence[Certificate], radius: float) -> float:
    """Share of the utterances whose decision is correct and certified at a radius."""
    return statistics.fmean(one.holds(radius) for one in certificates)


def average_radius(certificates: Sequence[Certificate]) -> float:
    """Mean certified radius; an utterance that abstains or whose decision is wrong counts as 0."""
    return statistics.fmean(one.radius if one.radius and one.correct else 0.0 for one in certificates)


def abstention(certificates: Sequence[Certificate]) -> float:
    """Share of the utterances that abstain."""
    return statistics.fmean(one.radius is None for one in certificates)


def mean_ratio_in_db(certificates: Sequence[Certificate]) -> float | None:
    """Mean over the correct certified utterances of 20 log10(||x|| / r); None if there are none.

    This is the signal-to-noise ratio of the largest perturbation that cannot change the decision.
    """
    ratios = [20 * math.log10(one.norm / one.radius) for one in certificates if one.radius and one.correct]
    return statistics.fmean(ratios) if ratios else None


def mcnemar(only_first: int, only_second: int) -> float:
    """McNemar's exact two-sided p-value: the binomial test that discordant pairs fall on both sides alike."""
    discordant = only_first + only_second
    return min(1.0, 2 * float(bdtr(min(only_first, only_second), discordant, 1 / 2)))
