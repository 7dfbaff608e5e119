"""A model's layers in order, each run over all batches: each layer sees its pruned predecessors' outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import nn

from benchmark.models.architectures.architecture import Architecture
from benchmark.models.arguments import by_name
from benchmark.models.batch import Batch
from benchmark.models.output import first
from benchmark.toolbox.job import Job


@dataclass
class Waiting(Batch):
    """A layer's input for a batch: `hidden` (batch, frames, width) and `options`, such as an attention mask."""

    hidden: torch.Tensor
    options: dict[str, Any]


@dataclass
class OneLayer:
    """One layer with its input batches, run as a job runs its whole model. A run is charged its share of a forward."""

    model: nn.Module
    batches: list[Waiting]
    job: Job
    passed: Callable[[torch.Tensor], None]
    architecture: Architecture[Any]

    def charge(self, multiply_accumulates: float) -> None:
        """As `Job.charge`."""
        self.job.charge(multiply_accumulates)

    def forward(self, layer: nn.Module, batch: Waiting) -> torch.Tensor:
        """Output of the layer (batch, frames, width); the batch does not change."""
        return first(self._returned(layer, batch))

    def outputs(self) -> list[Waiting]:
        """The input batches of the next layer."""
        return [self._before_next(batch, self._returned(self.model, batch)) for batch in self.batches]

    def _returned(self, layer: nn.Module, batch: Waiting) -> Any:
        returned = layer(batch.hidden, **batch.options)
        self.passed(self.architecture.frames_heard(batch.hidden, batch.options))
        return returned

    def _before_next(self, batch: Waiting, returned: Any) -> Waiting:
        return replace(batch, hidden=first(returned), options=batch.options | self.architecture.handed_on(returned))


@torch.no_grad()
def layers_in_turn(job: Job, batches: Sequence[Batch]) -> Iterator[OneLayer]:
    """The layers of a job's model from the first to the last.

    Raises:
        OverBudget: all passes together are more than the budget holds.
    """
    passed = partial(job.budget.charge_layer, job.model)
    for stack in job.encoder.stacks:
        waiting = [_before(stack[0], job, batch) for batch in batches]  # a decoder hears the pruned encoder
        for index, layer in enumerate(stack):
            one = OneLayer(layer, waiting, job, passed, job.encoder.architecture)
            yield one
            if index + 1 < len(stack):
                waiting = one.outputs()


class _Caught(Exception):
    """Stops a forward before a layer."""


def _before(layer: nn.Module, job: Job, batch: Batch) -> Waiting:
    """A layer's input for a batch, by a forward of the model up to it."""
    caught: list[Waiting] = []

    def catch(_layer: nn.Module, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        caught.append(Waiting(**vars(batch), hidden=args[0], options=by_name(layer, args, options)))
        raise _Caught

    handle = layer.register_forward_pre_hook(catch, with_kwargs=True)
    try:
        with suppress(_Caught):
            job.forward(job.model, batch)
    finally:
        handle.remove()
    return caught[0]
