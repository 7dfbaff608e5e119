"""Statistics of what goes into a model's matrices, over training audio without labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn

from benchmark.job import Job
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


def calibration_batches(job: Job, seconds: float) -> list[Batch]:
    """Batches of about so many seconds, kept, so that every layer sees the same ones."""
    return list(job.calibration(seconds))


def input_norms(job: Job, matrices: Sequence[Matrix], batches: Sequence[Batch]) -> dict[str, torch.Tensor]:
    """Root of the mean square of every input (inputs,) of the matrices, by matrix name."""
    squares = {m.name: torch.zeros(m.linear.in_features, device=m.linear.weight.device) for m in matrices}
    frames = dict.fromkeys(squares, 0)

    def add(matrix: Matrix, inputs: torch.Tensor) -> None:
        squares[matrix.name] += inputs.square().sum(0)
        frames[matrix.name] += len(inputs)

    observe(job, matrices, batches, add)
    return {name: (total / max(frames[name], 1)).sqrt() for name, total in squares.items()}


def second_moments(job: Job, matrices: Sequence[Matrix], batches: Sequence[Batch]) -> dict[str, torch.Tensor]:
    """Mean of x x' (inputs, inputs) over the inputs x of the matrices, by matrix name."""
    sums = {m.name: torch.zeros(2 * (m.linear.in_features,), device=m.linear.weight.device) for m in matrices}
    frames = dict.fromkeys(sums, 0)

    def add(matrix: Matrix, inputs: torch.Tensor) -> None:
        sums[matrix.name].addmm_(inputs.T, inputs)
        frames[matrix.name] += len(inputs)

    observe(job, matrices, batches, add)
    return {name: total / max(frames[name], 1) for name, total in sums.items()}


def by_layer(job: Job) -> Iterator[list[Matrix]]:
    """The matrices of one layer after the other: each is compressed on what the compressed ones before it give."""
    matrices = job.encoder.matrices
    for layer in range(len(job.encoder.layers)):
        yield [matrix for matrix in matrices if matrix.layer == layer]
