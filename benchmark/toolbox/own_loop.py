"""A method's own loop beside the training loop, for example to learn a policy or move the centroids of a codebook."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import torch

from benchmark.system.at_work import Bar
from benchmark.system.interrupt import InterruptLatch
from benchmark.training.budget import Budget
from benchmark.training.checkpoint import load_checkpoint, random_state, readable, restore_random_state, save_checkpoint
from benchmark.training.hooks import State


class Stateful(Protocol):
    """What a checkpoint can hold: modules, optimisers, and anything else that can return and restore its state."""

    def state_dict(self) -> dict[str, Any]:
        """The state: tensors, numbers, strings, and lists and dictionaries of these."""

    def load_state_dict(self, state: Any) -> Any:
        """Restore a state."""


class OwnLoop:
    """A number of steps of the method's own, with curves, checkpoints and a check of the budget.

    Attributes:
        state: the position of the loop; its `scalars` hold what is logged in the current step.
        curves: one row per step.
    """

    def __init__(
        self,
        steps: int,
        kept: Mapping[str, Stateful],
        budget: Budget,
        generator: torch.Generator,
        *,
        checkpoint: Path,
        checkpoint_seconds: float,
        name: str,
    ) -> None:
        self.steps, self.kept, self.budget, self.generator = steps, kept, budget, generator
        self.checkpoint, self.checkpoint_seconds, self.name = checkpoint, checkpoint_seconds, name
        self.state = State()
        self.curves: list[dict[str, float]] = []

    def run(self) -> Iterator[int]:
        """Yield the number of each remaining step, from 0 or from the checkpoint if there is one.

        Raises:
            OverBudget: a step computed more than the budget holds.
            KeyboardInterrupt: SIGINT or SIGTERM came; the checkpoint is written.
            UserError: the checkpoint is damaged, or cannot be written.
        """
        self._resume()
        saved = time.monotonic()
        with InterruptLatch() as latch, Bar(total=self.steps, desc=self.name, unit="step", mininterval=2) as bar:
            bar.update(self.state.step)
            while self.state.step < self.steps:
                self.state.began, self.state.progress = self.state.progress, (self.state.step + 1) / self.steps
                self.state.scalars = {}
                yield self.state.step
                self.budget.check()
                row = {"step": float(self.state.step), "progress": self.state.progress}
                self.curves.append(row | self.state.scalars)
                self.state.step += 1
                bar.update()
                if latch.requested or time.monotonic() - saved > self.checkpoint_seconds:
                    self._save()
                    saved = time.monotonic()
                if latch.requested:
                    raise KeyboardInterrupt
        self._save()

    def _save(self) -> None:
        with self.budget.clock.phase(None):
            save_checkpoint(
                self.checkpoint,
                {
                    "kept": {name: part.state_dict() for name, part in self.kept.items()},
                    "position": [self.state.step, self.state.progress],
                    "last": self.state.last,
                    "budget": self.budget.state(),
                    "random": random_state(self.generator),
                    "curves": self.curves,
                },
            )

    def _resume(self) -> None:
        with self.budget.clock.phase(None):
            saved = load_checkpoint(self.checkpoint)
            if saved is None:
                return
            with readable(self.checkpoint):
                for name, part in self.kept.items():
                    part.load_state_dict(saved["kept"][name])
                self.state.step, self.state.progress = saved["position"]
                self.state.last = saved["last"]
                self.budget.restore(saved["budget"])
                restore_random_state(saved["random"], self.generator)
                self.curves = saved["curves"]
