"""The cost of a plain training step, from which methods derive how many steps a budget pays for."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from benchmark.models.batch import Batch
from benchmark.training.budget import Budget


def plain_step_cost(
    budget: Budget, model: nn.Module, batch: Callable[[], Batch], loss: Callable[[Batch], torch.Tensor], *, bf16: bool
) -> float:
    """What a forward and a backward of a model spend per second of audio.

    It is 3 units of work. Seconds are measured on one batch.

    Args:
        budget: what is spent.
        model: the dense model.
        batch: loads the batch to measure on.
        loss: the model's loss on a batch.
        bf16: whether training computes in bf16.
    """
    if budget.kind == "work":
        return 3.0
    measured = batch()
    for _ in range(2):  # the first pass warms up
        start = budget.spent
        with torch.autocast(measured.frames.device.type, torch.bfloat16, enabled=bf16):
            value = loss(measured)
        value.backward()
        model.zero_grad(set_to_none=True)
    return (budget.spent - start) / measured.seconds
