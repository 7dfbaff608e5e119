"""RigL: how many connections move, and which."""

from __future__ import annotations

import pytest
import torch

from methods.rigl import moved_share, rewire


def test_the_share_that_moves() -> None:
    assert [moved_share(t, 0.3, 0.75) for t in (0.0, 0.375, 0.75, 0.9)] == pytest.approx([0.3, 0.15, 0.0, 0.0])


def test_small_weights_go_and_large_gradients_come() -> None:
    weight = torch.tensor([[5.0, 0.1, 0.0, 0.0, -3.0, 0.0]])
    gradient = torch.tensor([[9.0, 9.0, 0.2, -0.7, 9.0, 0.1]])
    mask = weight != 0
    assert rewire(weight, gradient, mask, 1).tolist() == [[True, False, False, True, True, False]]


def test_the_number_of_connections_stays_and_none_just_dropped_comes_back() -> None:
    torch.manual_seed(0)
    weight, gradient, mask = torch.randn(8, 8), torch.randn(8, 8), torch.rand(8, 8) > 0.6
    weight = weight * mask
    rewired = rewire(weight, gradient, mask, 7)
    assert rewired.sum() == mask.sum()
    assert int((mask & ~rewired).sum()) == 7
