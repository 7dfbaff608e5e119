"""Movement pruning's gradient: a score grows where the weight moves away from zero."""

from __future__ import annotations

import torch

from methods.movement import MovementGate


def test_scores_grow_where_weights_move_away_from_zero() -> None:
    weight = torch.tensor([[1.0, -1.0]], requires_grad=True)
    gate = MovementGate(weight.detach())
    gate.keep(torch.tensor([[True, False]]))
    masked = gate(weight)
    assert masked.tolist() == [[1.0, 0.0]]
    (masked * torch.tensor([[-0.5, -0.5]])).sum().backward()
    assert gate.scores.grad is not None
    assert weight.grad is not None
    assert (-gate.scores.grad).tolist() == [[0.5, -0.5]]  # a step of gradient descent at rate one
    assert weight.grad.tolist() == [[-0.5, 0.0]]
