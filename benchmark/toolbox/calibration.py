"""Statistics of the inputs of a model's matrices, over training audio without labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import nn

from benchmark.models.batch import Batch
from benchmark.models.encoder import Matrix
from benchmark.toolbox.costs import matrix_product
from benchmark.toolbox.job import Job
from benchmark.toolbox.layer_by_layer import layers_in_turn
from benchmark.training.masked_weights import Masks

Seen = Callable[[Matrix, torch.Tensor], None]


class Runs(Protocol):
    """What runs the matrices over a batch: a job runs its whole model, `OneLayer` a single layer."""

    model: Any

    def forward(self, model: Any, batch: Any) -> Any:
        """Run `model` over the batch."""

    def charge(self, multiply_accumulates: float) -> None:
        """Charge other work to the budget."""


@torch.no_grad()
def observe(runs: Runs, matrices: Sequence[Matrix], batches: Sequence[Batch], seen: Seen) -> None:
    """Run the model over the batches and pass each matrix's inputs to `seen`: (valid positions, inputs), in fp32."""
    for batch in batches:
        with _hooked(matrices, batch, seen):
            runs.forward(runs.model, batch)


@contextmanager
def _hooked(matrices: Sequence[Matrix], batch: Batch, seen: Seen) -> Iterator[None]:
    def hook(matrix: Matrix) -> Callable[[nn.Module, tuple[torch.Tensor, ...]], None]:
        def look(_linear: nn.Module, args: tuple[torch.Tensor, ...]) -> None:
            seen(matrix, args[0][batch.unpadded(args[0].shape[1], tokens=matrix.reads_tokens)].float())

        return look

    handles = [matrix.linear.register_forward_pre_hook(hook(matrix)) for matrix in matrices]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def input_norms(runs: Runs, matrices: Sequence[Matrix], batches: Sequence[Batch]) -> dict[str, torch.Tensor]:
    """Root mean square of every input (inputs,) of the matrices, by matrix name."""
    squares = _mean_over_frames(runs, matrices, batches, lambda inputs: inputs.square().sum(0))
    return {name: mean.sqrt() for name, mean in squares.items()}


def second_moments(runs: Runs, matrices: Sequence[Matrix], batches: Sequence[Batch]) -> dict[str, torch.Tensor]:
    """Mean of x x' (inputs, inputs) over the inputs x of the matrices, by matrix name. The products are charged."""

    def summed(inputs: torch.Tensor) -> torch.Tensor:
        frames, width = inputs.shape
        runs.charge(matrix_product(width, frames, width))
        return inputs.T @ inputs

    return _mean_over_frames(runs, matrices, batches, summed)


def _mean_over_frames(
    runs: Runs, matrices: Sequence[Matrix], batches: Sequence[Batch], summed: Callable[[torch.Tensor], torch.Tensor]
) -> dict[str, torch.Tensor]:
    """`summed` maps the inputs (frames, inputs) of a batch to the sum over frames of what is averaged."""
    sums: dict[str, torch.Tensor] = {}
    frames = dict.fromkeys([matrix.name for matrix in matrices], 0)

    def add(matrix: Matrix, inputs: torch.Tensor) -> None:
        total = summed(inputs)
        sums[matrix.name] = sums[matrix.name].add_(total) if matrix.name in sums else total
        frames[matrix.name] += len(inputs)

    observe(runs, matrices, batches, add)
    return {name: total / max(frames[name], 1) for name, total in sums.items()}


def prune_layer_by_layer(
    job: Job,
    batches: Sequence[Batch],
    statistics: Callable[[Any, Sequence[Matrix], Sequence[Batch]], dict[str, torch.Tensor]],
    pruned: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
) -> Masks:
    """Prune the layers in order, each on the outputs of its pruned predecessors; return the masks of what is left.

    Each layer runs over the audio twice, as in the releases of SparseGPT and Wanda: once for its statistics, and once
    pruned for the inputs of the next layer. Calibration therefore costs about two forwards of the model, at any depth.
    An encoder-decoder pays for a third, because the decoder's first inputs take another pass through the encoder.

    Args:
        job: the run whose model is pruned.
        batches: calibration audio.
        statistics: computes statistics of the inputs of a layer's matrices, such as `input_norms`.
        pruned: maps a weight (outputs, inputs) and its statistic to the pruned weight.
    """
    masks: Masks = {}
    for index, layer in enumerate(layers_in_turn(job, batches)):
        matrices = [matrix for matrix in job.encoder if matrix.layer == index]
        seen = statistics(layer, matrices, layer.batches)
        for matrix in matrices:
            weight = pruned(matrix.weight.detach(), seen[matrix.name])
            with torch.no_grad():
                matrix.linear.weight.copy_(weight)
            masks[matrix.name] = weight != 0
    return masks
