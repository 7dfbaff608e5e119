"""Holm's correction for many tests in one table, and the level of significance."""

from __future__ import annotations

from collections.abc import Sequence

LEVEL = 0.05


def significant(p: float | None) -> bool:
    """Whether p, corrected or not, is significant at the 5 % level; None (no test was possible) is not.

    Holm's procedure rejects a hypothesis whose p equals its limit, so the level itself counts.
    """
    return p is not None and p <= LEVEL


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down adjusted p values. None (no test was possible) stays None and does not count as a test."""
    # Imported here because the import takes a second.
    from statsmodels.stats.multitest import multipletests

    tested = [p for p in p_values if p is not None]
    adjusted = iter(multipletests(tested, method="holm")[1] if tested else [])
    return [None if p is None else float(next(adjusted)) for p in p_values]
