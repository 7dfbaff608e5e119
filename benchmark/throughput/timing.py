"""Timed steps, taken in turns, so that a temporary slowdown of the machine affects both sides."""

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
    """One step: wall-clock seconds, seconds of speech without padding, and charged units of work."""

    seconds: float
    speech: float
    work: float


class Contestant(Protocol):
    """Something that takes steps. `peak_bytes` is its own peak of GPU memory; None on a CPU."""

    peak_bytes: int | None

    def take(self, number: int) -> list[Step]:
        """Take `number` steps, after a warm-up if they need one."""


def own_peak(resident: int) -> int:
    """Peak GPU memory since the last reset, for a contestant that keeps `resident` bytes between steps.

    The memory of others is excluded, since it is the same before the steps and at their peak.
    """
    return resident + torch.cuda.max_memory_allocated() - torch.cuda.memory_allocated()


class Loop:
    """The suite's own training loop on a phase."""

    def __init__(self, phase: Phase, bytes_before: int, warm_up: int) -> None:
        self.peak_bytes: int | None = None
        self._phase, self._steps = phase, phase.steps()
        self._resident = 0
        self.take(warm_up)
        if torch.cuda.is_available():
            self._resident = torch.cuda.memory_allocated() - bytes_before
            self.peak_bytes = own_peak(self._resident)

    def take(self, number: int) -> list[Step]:
        """Take the next `number` steps of the phase."""
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
    """Rounds of `steps` steps of `one`, then of `other`; returns the steps of both, by round."""
    ours, theirs = [], []
    for _ in tqdm(range(rounds), desc="turns", unit="turn", leave=False, disable=None):
        ours.append(one.take(steps))
        theirs.append(other.take(steps))
    return ours, theirs


def speed(steps: list[Step]) -> float:
    """Seconds of speech per second."""
    return sum(step.speech for step in steps) / sum(step.seconds for step in steps)


def quartiles(values: list[float]) -> list[float]:
    """Lower quartile, median, upper quartile."""
    return statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3


def bytes_in_use() -> int:
    """GPU memory in use, after garbage collection."""
    gc.collect()
    return torch.cuda.memory_allocated() if torch.cuda.is_available() else 0
