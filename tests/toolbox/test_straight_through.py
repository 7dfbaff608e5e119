"""The straight-through estimator: its values are exact, and its gradient is that of the soft values."""

from __future__ import annotations

import torch

from benchmark.toolbox.straight_through import straight_through


def test_values_are_the_hard_ones_and_gradients_the_soft_ones() -> None:
    logits = torch.tensor([-20.0, -0.3, 0.2, 1e-9], requires_grad=True)
    soft = torch.sigmoid(logits)
    mask = straight_through((logits > 0).float(), soft)
    assert mask.tolist() == [0.0, 0.0, 1.0, 1.0]
    (mask * torch.tensor([1.0, 2.0, 3.0, 4.0])).sum().backward()
    expected = soft * (1 - soft) * torch.tensor([1.0, 2.0, 3.0, 4.0])
    assert logits.grad is not None
    torch.testing.assert_close(logits.grad, expected.detach())


def test_a_weight_under_a_mask_of_scores_has_the_gradients_of_movement_pruning() -> None:
    weight = torch.tensor([2.0, -3.0], requires_grad=True)
    scores = torch.tensor([0.1, 0.2], requires_grad=True)
    (weight * straight_through(torch.tensor([1.0, 0.0]), scores)).backward(torch.tensor([5.0, 7.0]))
    assert weight.grad is not None
    assert scores.grad is not None
    assert weight.grad.tolist() == [5.0, 0.0]
    assert scores.grad.tolist() == [10.0, -21.0]
