"""Timed steps, taken in turns: what slows the machine for a while meets both sides."""

from __future__ import annotations

import gc
import statistics
import time
from dataclasses import dataclass
from typing import Protocol

import torch
from tqdm import tqdm

from benchmark.system.errors import CannotCompress
from benchmark.training.loop import Phase
from benchmark.training.precision import wait_for_gpu


@dataclass(frozen=True)
class Step:
    """One step: wall-clock seconds, seconds of speech without padding, and units of work charged for it."""

    seconds: float
    speech: float
    work: float


class Contestant(Protocol):
    """Whoever takes steps. `peak_bytes`: of GPU memory, its own alone; None on a CPU."""

    peak_bytes: int | None

    def take(self, number: int) -> list[Step]:
        """So many steps, warmed up where they need it."""


def own_peak(resident: int) -> int:
    """Peak GPU memory of the steps since the last reset, of a contestant that keeps `resident` bytes between them.

    Whatever others keep on the GPU is as much before the steps as at their peak.
    """
    return resident + torch.cuda.max_memory_allocated() - torch.cuda.memory_allocated()


class Loop:
    """The suite's own training loop over a phase."""

    def __init__(self, phase: Phase, bytes_before: int, warm_up: int) -> None:
        self.peak_bytes: int | None = None
        self._phase, self._steps = phase, phase.steps()
        self._resident = 0
        self.take(warm_up)
        if torch.cuda.is_available():
            self._resident = torch.cuda.memory_allocated() - bytes_before
            self.peak_bytes = own_peak(self._resident)

    def take(self, number: int) -> list[Step]:
        """So many of the phase's next steps."""
        return [self._step() for _ in range(number)]

    def _step(self) -> Step:
        work = self._phase.budget.work
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
        wait_for_gpu()
        start = time.perf_counter()
        group = next(self._steps, None)
        wait_for_gpu()
        seconds = time.perf_counter() - start
        if group is None:
            raise CannotCompress("its budget ends before the steps to be timed")
        if self.peak_bytes is not None:
            self.peak_bytes = max(self.peak_bytes, own_peak(self._resident))
        speech = sum(self._phase.speech.seconds[index] for indices in group for index in indices)
        return Step(seconds, speech, self._phase.budget.work - work)


def in_turns(one: Contestant, other: Contestant, rounds: int, steps: int) -> tuple[list[list[Step]], list[list[Step]]]:
    """Rounds of both, each of so many steps of the one, then of the other."""
    ours, theirs = [], []
    for _ in tqdm(range(rounds), desc="turns", unit="turn", leave=False, disable=None):
        ours.append(one.take(steps))
        theirs.append(other.take(steps))
    return ours, theirs


def speed(steps: list[Step]) -> float:
    """Seconds of speech a second."""
    return sum(step.speech for step in steps) / sum(step.seconds for step in steps)


def quartiles(values: list[float]) -> list[float]:
    """Lower quartile, median, upper quartile."""
    return statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3


def bytes_in_use() -> int:
    """GPU memory in use, after what nobody refers to any more is gone."""
    gc.collect()
    return torch.cuda.memory_allocated() if torch.cuda.is_available() else 0
