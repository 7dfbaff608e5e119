"""The three-branch size loss of Xu et al., 2025: it pushes a model's sparsity into a narrow band below the target."""

from __future__ import annotations

from typing import Any

import torch

from benchmark.models.batch import Batch
from benchmark.toolbox.job import Job
from benchmark.toolbox.unit_gates import UnitGates
from benchmark.training.hooks import Hook, State


def size_sign(sparsity: float, target: float) -> int:
    """Branch of the size loss: +1 below the band [target - delta, target], -1 above it, 0 inside.

    delta is 0.002 for targets above 0.5 and 0.02 otherwise.
    """
    delta = 0.002 if target > 0.5 else 0.02
    return int(sparsity < target - delta) - int(sparsity > target)


def train_to_size(
    job: Job, gates: UnitGates[Any], *, draw: Hook, learning_rate: float, gate_learning_rate: float, size_weight: float
) -> None:
    """Train the job's model together with gates on its units, with the model's loss plus the size loss.

    Args:
        job: the run whose model carries the gates.
        gates: the gates, whose parameters have their own learning rate.
        draw: sets the gates' masks before each forward.
        learning_rate: that of the model.
        gate_learning_rate: that of the gates.
        size_weight: nats per utterance for all units.
    """

    def loss(batch: Batch, state: State) -> torch.Tensor:
        draw(state)
        size = gates.size()
        sparsity = 1 - float(size.detach())
        if state.recording:
            job.log(sparsity=sparsity)
        return job.loss(batch) + size_weight * size_sign(sparsity, gates.target) * size

    job.train(
        job.model,
        extra=gates,
        loss=loss,
        learning_rate=learning_rate,
        parameter_groups=[
            {"params": [p for p in job.model.parameters() if p.requires_grad]},
            {"params": list(gates.parameters()), "lr": gate_learning_rate},
        ],
    )
