"""The damped Cholesky factor: its closed form, and moments that have no such factor."""

from __future__ import annotations

import pytest
import torch

from benchmark.system.errors import CannotCompress
from benchmark.toolbox.damped_cholesky import damped_cholesky


def test_the_factor_by_hand() -> None:
    """Damping by half of the mean diagonal 4 adds 2 to each of its elements."""
    factor = damped_cholesky(torch.tensor([[2.0, 2.0], [2.0, 6.0]]), 0.5)
    assert factor.dtype == torch.double
    assert factor.flatten().tolist() == pytest.approx([2.0, 0.0, 1.0, 7**0.5])


def test_moments_without_a_factor_are_named() -> None:
    with pytest.raises(CannotCompress, match="singular second moments: raise `damping`"):
        damped_cholesky(torch.zeros(3, 3), 0.01)
