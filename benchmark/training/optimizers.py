"""Which optimiser a phase steps with: AdamW, unless the method brings its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from benchmark.training.options import Options

# From parameter groups, each with its own `lr`, to an optimiser over them. Its `step` gets a closure that computes the
# loss and its gradient on the step's batches and may call it more than once, as sharpness-aware minimisation does; each
# call is charged. All that it has to keep between steps must be in its `state_dict`.
OptimizerFactory = Callable[[list[dict[str, Any]]], torch.optim.Optimizer]


def adamw(parameters: list[dict[str, Any]], options: Options) -> torch.optim.Optimizer:
    """AdamW, its update fused into one pass over the weights."""
    return torch.optim.AdamW(
        parameters, lr=options.learning_rate, betas=options.betas, weight_decay=options.weight_decay, fused=True
    )
