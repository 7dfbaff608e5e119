"""The matched-pairs sentence-segment word error test (MAPSSWE), identical to that of NIST SCTK's sc_stats.

Source: Gillick and Cox, ICASSP 1989, as implemented in SCTK 2.4.12. The tests compare with its recorded outputs.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

CRITICAL_Z = 1.960  # two-tailed, 5 %


@dataclass(frozen=True)
class MatchedPairs:
    """Result of the test on the differences errors(A) - errors(B) of the segments.

    If no test is possible, `degenerate` says why. Then Z is 0 and p is 1, and neither has a meaning.
    """

    segments: int
    mean: float  # positive: A makes more errors
    std: float  # sample standard deviation, with n - 1
    z: float
    p: float  # two-tailed, from the exact normal distribution
    degenerate: str | None

    @property
    def p_sctk_table(self) -> float:
        """`p` from SCTK's table, in steps of 0.01 of |Z|, rounded down."""
        return 2 * (1 - _sctk_table()[bisect_right(_TABLE_Z, abs(self.z)) - 1])

    @property
    def better(self) -> Literal["A", "B"] | None:
        """The system with significantly fewer errors at the 5 % level; None if there is none."""
        if self.degenerate is not None or abs(self.z) <= CRITICAL_Z:
            return None
        return "B" if self.z > 0 else "A"


def matched_pairs(differences: ArrayLike) -> MatchedPairs:
    """Test whether the integer differences errors(A) - errors(B), one per segment, (segments,), have mean zero."""
    values = np.asarray(differences, dtype=np.int64)
    n, total = len(values), int(values.sum())
    mean = total / n if n else 0.0
    spread = n * int(values @ values) - total * total  # n (n - 1) variances, exact in integers
    std = math.sqrt(spread / (n * (n - 1))) if spread else 0.0
    z = mean / (std / math.sqrt(n)) if std else 0.0
    return MatchedPairs(
        segments=n,
        mean=mean,
        std=std,
        z=z,
        p=math.erfc(abs(z) / math.sqrt(2)),
        degenerate=_why_no_test(n, mean, std),
    )


def _why_no_test(n: int, mean: float, std: float) -> str | None:
    if n == 0:
        return "neither system makes an error, so there is no segment to compare"
    if n == 1:
        return "only one segment has an error, and the test needs at least two"
    if std == 0:
        difference = f"the difference is {mean:+g} errors" if mean else "both systems make equally many errors"
        return f"{difference} in each of the {n} segments, so there is no variance"
    return None


_TABLE_Z = [step / 100 for step in range(515)]


@cache
def _sctk_table() -> Sequence[float]:
    """The normal distribution function at _TABLE_Z as SCTK tabulates it, to seven digits.

    SCTK's values (src/sclite/statdist.c) came from a program that evaluated approximation 26.2.17 of Abramowitz and
    Stegun in single precision. The same arithmetic reproduces all of them but two, which are set by hand.
    """
    single = np.float32
    z = single(0.01) * np.arange(len(_TABLE_Z), dtype=single)
    t = single(1) / (single(1) + single(0.2316419) * z)
    density = single(0.3989422804) * np.exp((-z * z / 2).astype(np.float64)).astype(single)
    series = np.zeros_like(z)
    for power, factor in enumerate((0.319381530, -0.356563782, 1.781477937, -1.821255978, 1.330274429), start=1):
        series += single(factor) * (t.astype(np.float64) ** power).astype(single)
    table = [round(float(value), 7) for value in single(1) - density * series]
    table[0], table[27] = 0.5, 0.6064197
    return table
