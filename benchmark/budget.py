"""The compute budget of a run, metered by the harness, and the clock that times its phases."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode
from transformers import PreTrainedModel

from benchmark.models.forward import FRAMES_PER_SECOND, Batch, forward

BudgetKind = Literal["work", "device_seconds"]
TOLERANCE = 0.01  # of the limit: the last step may end a little beyond it


class OverBudget(Exception):
    """A method computed more than its budget allows."""


class Clock:
    """Wall-clock seconds by phase. Phases nest: time goes to the innermost; `pause` keeps it out of all."""

    def __init__(self, synchronise: Callable[[], None] = lambda: None) -> None:
        self.seconds: dict[str, float] = {}
        self._phases: list[str | None] = [None]
        self._since = time.perf_counter()
        self._synchronise = synchronise

    def _settle(self) -> None:
        self._synchronise()
        now = time.perf_counter()
        phase = self._phases[-1]
        if phase is not None:
            self.seconds[phase] = self.seconds.get(phase, 0.0) + now - self._since
        self._since = now

    @contextmanager
    def phase(self, name: str | None) -> Iterator[None]:
        """Time what happens inside as `name`; None keeps it off the clock."""
        self._settle()
        self._phases.append(name)
        try:
            yield
        finally:
            self._settle()
            self._phases.pop()

    def total(self) -> float:
        """Seconds on the clock so far."""
        self._settle()
        return sum(self.seconds.values())


class Budget:
    """What a run may compute.

    `work`: a forward of the dense model over one second of audio costs 1 unit and a backward 2; any other model in
    proportion to its multiply-accumulates. `device_seconds`: the seconds on the run's clock.
    """

    def __init__(self, kind: BudgetKind, limit: float, clock: Clock) -> None:
        self.kind: BudgetKind = kind
        self.limit = limit
        self.clock = clock
        self.work = 0.0

    @property
    def spent(self) -> float:
        """Units or seconds used."""
        return self.work if self.kind == "work" else self.clock.total()

    @property
    def left(self) -> float:
        """Units or seconds that remain."""
        return max(0.0, self.limit - self.spent)

    def charge(self, units: float) -> None:
        """Add work.

        Raises:
            OverBudget: the limit is passed.
        """
        self.work += units
        self.check()

    def check(self) -> None:
        """Raise `OverBudget` when the limit is passed."""
        if self.spent > self.limit * (1 + TOLERANCE):
            raise OverBudget(f"used {self.spent:.0f} of {self.limit:.0f} {self.kind.replace('_', ' ')}")

    def meters(self, model: PreTrainedModel) -> bool:
        """Whether `model` is metered; a deep copy of a metered model is not."""
        encoder = model.base_model.encoder
        return getattr(encoder, "metered_as", None) == id(encoder)

    def meter(self, model: PreTrainedModel, relative_cost: float) -> None:
        """Charge every forward and backward through `model` from now on.

        The meter sits on the Transformer encoder, which every forward passes whether it starts from audio or from
        cached features; the backward is charged when a gradient comes back through the encoder's output.
        """
        encoder = model.base_model.encoder
        encoder.metered_as = id(encoder)

        def charge_forward(module: nn.Module, args: tuple[torch.Tensor, ...], output: object) -> None:
            if module is not encoder:  # a deep copy's inherited hook; the copy gets a meter of its own
                return
            batch, frames = args[0].shape[:2]
            units = batch * frames / FRAMES_PER_SECOND * relative_cost
            self.charge(units)
            encoded = output[0]  # type: ignore[index]
            if encoded.requires_grad:
                encoded.register_hook(lambda _gradient: self.charge(2 * units))

        encoder.register_forward_hook(charge_forward)


def multiply_accumulates(model: PreTrainedModel, batch: Batch) -> float:
    """Multiply-accumulates of one forward over `batch`, counted by PyTorch's dispatcher.

    Attention is computed by plain matrix products for it: PyTorch does not count its fused kernel on CPUs.
    """
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
        forward(model, batch)
    return counter.get_total_flops() / 2
