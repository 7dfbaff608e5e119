"""Holm's correction for many tests in one table, and the level of significance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

LEVEL = 0.05


def significant(p: float | None) -> bool:
    """Whether p, corrected or not, is significant at the 5 % level; None (no test was possible) is not.

    Holm's procedure rejects a hypothesis whose p equals its limit, so the level itself counts.
    """
    return p is not None and p <= LEVEL


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjusted p values of Holm's step-down procedure (Scandinavian Journal of Statistics 1979).

    The smallest of n is multiplied by n, the next by n - 1, and so on; none is smaller than the one before, or above 1.
    None (no test was possible) stays None and does not count as a test.
    """
    tested = np.array([p for p in p_values if p is not None])
    order = np.argsort(tested)
    adjusted = np.empty_like(tested)
    adjusted[order] = np.minimum(np.maximum.accumulate(tested[order] * np.arange(len(tested), 0, -1)), 1)
    left = iter(adjusted.tolist())
    return [None if p is None else next(left) for p in p_values]
