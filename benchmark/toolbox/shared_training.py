"""One training for all targets of a study, for methods whose trained model can be cut at any of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from benchmark.training.budget import Budget
from benchmark.training.checkpoint import load_checkpoint, random_state, readable, restore_random_state, save_checkpoint


@dataclass(frozen=True)
class SharedTraining:
    """Where a finished training is kept for the runs at the other targets.

    `path`: its file, named by a hash of all that determines it; `targets`: the sparsities that it serves.
    """

    path: Path
    targets: Sequence[float]

    def load(self, trained: nn.Module) -> dict[str, Any] | None:
        """Load the trained weights into the module; return what was saved with them, or None if no run has trained yet.

        Raises:
            UserError: the file is damaged.
        """
        kept = load_checkpoint(self.path)
        if kept is not None:
            with readable(self.path):
                trained.load_state_dict(kept.pop("trained"))
        return kept

    def save(self, trained: nn.Module, kept: dict[str, Any]) -> None:
        """Save the trained weights and what belongs to them.

        Raises:
            UserError: the disk is full.
        """
        save_checkpoint(self.path, kept | {"trained": trained.state_dict()})

    def note(self, spent: float, unit: str) -> str:
        """A remark for each row, which says its share of the common training."""
        targets = ", ".join(f"{100 * target:g} %" for target in self.targets)
        share = spent / len(self.targets)
        return f"trained once for the targets {targets}: this row's share is {share:,.0f} of {spent:,.0f} {unit}"


class Run(Protocol):
    """What a job has used and logged so far, and the state of its random numbers."""

    budget: Budget
    phases: int
    generator: torch.Generator
    curves: list[dict[str, float]]
    last: dict[str, float]
    notes: list[str]

    def note(self, text: str) -> None:
        """Add a remark to the run's record."""


def train_or_take_over(run: Run, shared: SharedTraining | None, trained: nn.Module, train: Callable[[], None]) -> None:
    """Train and save the result for the other targets, or take over the state of the run that has already trained."""
    kept = shared.load(trained) if shared else None
    if kept is not None:
        _take_over(run, kept)
    else:
        train()
        if shared:
            shared.save(trained, _standing(run))
    if shared and len(shared.targets) > 1:
        run.note(shared.note(run.budget.spent, run.budget.kind.replace("_", " ")))


def _standing(run: Run) -> dict[str, Any]:
    used = {"budget": run.budget.state(), "phases": run.phases}
    logged = {"curves": run.curves, "last": run.last, "notes": list(run.notes)}
    return used | logged | {"random": random_state(run.generator)}


def _take_over(run: Run, standing: dict[str, Any]) -> None:
    run.budget.restore(standing["budget"])
    run.phases = standing["phases"]
    run.curves, run.last, run.notes = standing["curves"], standing["last"], standing["notes"]
    restore_random_state(standing["random"], run.generator)
