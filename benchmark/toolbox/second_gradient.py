"""Steps with a gradient that is taken elsewhere: at weights that were moved and have come back.

Sharpness-aware and compression-aware minimisation compute two gradients per step and give one to their base optimiser.
The training loop charges both, and repeats the batch, dropout and SpecAugment for the second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

# Computes the loss at the current weights, and its gradient in new `.grad` tensors.
Gradient = Callable[[], torch.Tensor]
# Leaves in `.grad` what the base optimiser shall use, and the weights as they were; returns the loss at these weights.
Rule = Callable[[Gradient, Sequence[nn.Parameter]], torch.Tensor]


class RuledAdamW(torch.optim.AdamW):
    """AdamW as in plain training, with the gradient that a rule computes.

    Args:
        rule: computes it, by two gradients or more.
        groups: parameter groups, each with its own `lr`.
    """

    def __init__(self, rule: Rule, groups: list[dict[str, Any]]) -> None:
        super().__init__(groups, weight_decay=0.0, fused=True)
        self.rule = rule

    def step(self, closure: Gradient) -> torch.Tensor:  # type: ignore[override]
        """Take one step; returns the loss before it."""
        loss = self.rule(closure, [parameter for group in self.param_groups for parameter in group["params"]])
        super().step()
        return loss


@contextmanager
def moved(parameters: Sequence[nn.Parameter]) -> Iterator[list[torch.Tensor]]:
    """In this context parameters may move: all return to their values at its end, also those without a gradient.

    Yields:
        Their values at the start.
    """
    start = [parameter.detach().clone() for parameter in parameters]
    yield start
    with torch.no_grad():
        for parameter, value in zip(parameters, start, strict=True):
            parameter.copy_(value)
