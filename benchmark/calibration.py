"""Statistics of what goes into a model's matrices, over training audio without labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn

from benchmark.job import Job
from benchmark.masks import Masks
from benchmark.models.encoder import Matrix
from benchmark.training.batches import Batch

Seen = Callable[[Matrix, torch.Tensor], None]


@torch.no_grad()
def observe(job: Job, matrices: Sequence[Matrix], batches: Sequence[Batch], seen: Seen) -> None:
    """Run the model over the batches and hand what goes into each matrix, (valid frames, inputs) in fp32, to `seen`."""
    for batch in batches:
        with _hooked(matrices, batch, seen):
            job.forward(job.model, batch)


@contextmanager
def _hooked(matrices: Sequence[Matrix], batch: Batch, seen: Seen) -> Iterator[None]:
    def hook(matrix: Matrix) -> Callable[[nn.Module, tuple[torch.Tensor, ...]], None]:
        def look(_linear: nn.Module, args: tuple[torch.Tensor, ...]) -> None:
            positions = torch.arange(args[0].shape[1], device=args[0].device)
            seen(matrix, args[0][positions < batch.frames[:, None]].float())  # padding says nothing

        return look

    handles = [matrix.linear.register_forward_pre_hook(hook(matrix)) for matrix in matrices]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def input_norms(job: Job, matrices: Sequence[Matrix], batches: Sequence[Batch]) -> dict[str, torch.Tensor]:
    """Root of the mean square of every input (inputs,) of the matrices, by matrix name."""
    squares = _mean_over_frames(job, matrices, batches, lambda inputs: inputs.square().sum(0))
    return {name: mean.sqrt() for name, mean in squares.items()}


def second_moments(job: Job, matrices: Sequence[Matrix], batches: Sequence[Batch]) -> dict[str, torch.Tensor]:
    """Mean of x x' (inputs, inputs) over the inputs x of the matrices, by matrix name."""
    return _mean_over_frames(job, matrices, batches, lambda inputs: inputs.T @ inputs)


def _mean_over_frames(
    job: Job, matrices: Sequence[Matrix], batches: Sequence[Batch], summed: Callable[[torch.Tensor], torch.Tensor]
) -> dict[str, torch.Tensor]:
    """`summed` maps the inputs (frames, inputs) of a batch to their sum of what is to be averaged."""
    sums: dict[str, torch.Tensor] = {}
    frames = dict.fromkeys([matrix.name for matrix in matrices], 0)

    def add(matrix: Matrix, inputs: torch.Tensor) -> None:
        total = summed(inputs)
        sums[matrix.name] = sums[matrix.name].add_(total) if matrix.name in sums else total
        frames[matrix.name] += len(inputs)

    observe(job, matrices, batches, add)
    return {name: total / max(frames[name], 1) for name, total in sums.items()}


def prune_layer_by_layer(
    job: Job,
    batches: Sequence[Batch],
    statistics: Callable[[Job, Sequence[Matrix], Sequence[Batch]], dict[str, torch.Tensor]],
    pruned: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
) -> Masks:
    """Prune one layer after the other, each on what the pruned ones before it give; returns the masks of what is left.

    Args:
        job: whose model is pruned.
        batches: calibration audio.
        statistics: of what goes into a layer's matrices, such as `input_norms`.
        pruned: maps a weight (outputs, inputs) and its statistic to the pruned weight.
    """
    masks: Masks = {}
    for layer in range(len(job.encoder.layers)):
        matrices = [matrix for matrix in job.encoder if matrix.layer == layer]
        seen = statistics(job, matrices, batches)
        for matrix in matrices:
            weight = pruned(matrix.weight.detach(), seen[matrix.name])
            with torch.no_grad():
                matrix.linear.weight.copy_(weight)
            masks[matrix.name] = weight != 0
    return masks
