"""The compute budget of a run, the meter that charges it, and the clock that times its phases."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, cast

import torch
from torch import nn
from transformers import PreTrainedModel

from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.arguments import by_name
from benchmark.models.counting import count_parameters
from benchmark.models.encoder import Encoder
from benchmark.models.forward import frame_rate
from benchmark.models.output import first
from benchmark.training.allowance import TOLERANCE, BudgetKind

METER_NUMBERS = count()


class OverBudget(Exception):
    """A method has used more compute than its budget allows."""


class Clock:
    """Wall-clock seconds by phase. Phases nest: time counts for the innermost phase only; a phase None is not timed."""

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
        """Count the time of the block for phase `name`; with None it is not counted."""
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


@dataclass(frozen=True)
class Meter:
    """The meter of one model: its metered module's id, its parameter count when metering began, a forward's cost."""

    module: int
    parameters: int
    frame_rate: float
    relative_cost: float

    def units(self, hidden: torch.Tensor) -> float:
        """Work of a forward pass with hidden states of the audio (batch, frames, width)."""
        batch, frames = hidden.shape[:2]
        return batch * frames / self.frame_rate * self.relative_cost


class Budget:
    """The compute budget of a run.

    `work`: a forward pass of the dense model over one second of audio costs 1 unit, a backward pass 2. Other models
    cost in proportion to their multiply-accumulates. `device_seconds`: the seconds on the run's clock.
    """

    def __init__(self, kind: BudgetKind, limit: float, clock: Clock) -> None:
        self.kind: BudgetKind = kind
        self.limit = limit
        self.clock = clock
        self.work = 0.0
        self._metered: dict[int, Meter] = {}  # by the number stored on the metered module

    @property
    def spent(self) -> float:
        """Units or seconds used so far."""
        return self.work if self.kind == "work" else self.clock.total()

    @property
    def left(self) -> float:
        """Units or seconds that remain."""
        return max(0.0, self.limit - self.spent)

    def charge(self, units: float) -> None:
        """Add work and check the limit.

        Raises:
            OverBudget: the limit is exceeded.
        """
        self._add(units)
        self.check()

    def check(self) -> None:
        """Raise `OverBudget` if the limit is exceeded."""
        if self.spent > self.limit * (1 + TOLERANCE):
            raise OverBudget(f"used {self.spent:.0f} of {self.limit:.0f} {self.kind.replace('_', ' ')}")

    def meters(self, model: PreTrainedModel) -> bool:
        """Whether this budget meters `model`. False for a deep copy, or if the model's shape has changed since."""
        module = architecture_of(model).metered_module(model)
        meter = self._metered.get(getattr(module, "meter", -1))
        return meter is not None and (meter.module, meter.parameters) == (id(module), count_parameters(model))

    def charge_layer(self, model: PreTrainedModel, hidden: torch.Tensor) -> None:
        """Charge a forward pass through one layer of a metered model: an equal share of the model's forward pass.

        Args:
            model: the model.
            hidden: hidden states of the audio (batch, frames, width).

        Raises:
            OverBudget: the limit is exceeded.
        """
        module = architecture_of(model).metered_module(model)
        self.charge(self._metered[cast(int, module.meter)].units(hidden) / len(Encoder(model).layers))

    def meter(self, model: PreTrainedModel, relative_cost: float) -> None:
        """Charge every forward and backward through `model` from now on. This replaces an older meter of any budget.

        The meter sits on a module that every forward pass uses, from audio or from cached features. Each layer's share
        of a backward pass is charged when a gradient reaches its output. So a loss on hidden layers, which does not use
        the model's output, is charged too.
        """
        architecture, number = architecture_of(model), next(METER_NUMBERS)
        metered = architecture.metered_module(model)
        metered.meter = number  # type: ignore[assignment]
        meter = Meter(id(metered), count_parameters(model), frame_rate(model), relative_cost)
        self._metered[number] = meter

        def charge_forward(module: nn.Module, args: tuple[torch.Tensor, ...], _output: object) -> None:
            if module is metered and metered.meter == number:  # a deep copy has the hook too, but is not metered
                self.charge(meter.units(args[0]))

        def charge_backward(
            module: nn.Module,
            args: tuple[torch.Tensor, ...],
            options: dict[str, Any],
            output: torch.Tensor | tuple[torch.Tensor, ...],
        ) -> None:
            hidden, layers = first(output), Encoder(model).layers
            if hidden.requires_grad and metered.meter == number and any(module is layer for layer in layers):
                heard = architecture.frames_heard(args[0], by_name(module, args, options))
                share = 2 * meter.units(heard) / len(layers)
                hidden.register_hook(lambda _gradient: self._add(share))

        metered.register_forward_hook(charge_forward)
        for layer in Encoder(model).layers:
            layer.register_forward_hook(charge_backward, with_kwargs=True)

    def state(self) -> dict[str, Any]:
        """What was used so far, for a checkpoint."""
        return {"work": self.work, "seconds": dict(self.clock.seconds)}

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what `state` gave."""
        self.work, self.clock.seconds = state["work"], dict(state["seconds"])

    def _add(self, units: float) -> None:
        """Add work without a check of the limit, which may wait for the device. The next forward or step checks it."""
        self.work += units
