"""The optimiser of a phase: AdamW, unless the method provides its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from benchmark.training.options import Options

# Makes an optimiser from parameter groups, each with its own `lr`. Its `step` gets a closure that computes the loss and
# its gradient on the step's batches. It may call the closure more than once, as sharpness-aware minimisation does; each
# call is charged. Everything that the optimiser keeps between steps must be in its `state_dict`.
OptimizerFactory = Callable[[list[dict[str, Any]]], torch.optim.Optimizer]


def adamw(parameters: list[dict[str, Any]], options: Options) -> torch.optim.Optimizer:
    """AdamW with a fused update: one pass over the weights."""
    return torch.optim.AdamW(
        parameters, lr=options.learning_rate, betas=options.betas, weight_decay=options.weight_decay, fused=True
    )
