"""Checkpoints of a training phase: everything that a bit-exact resume needs, in one file, written atomically."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmark.system.errors import UserError
from benchmark.system.files import atomic_write


def random_state(generator: torch.Generator) -> dict[str, Any]:
    """State of all random generators that training uses: the job's, PyTorch's and NumPy's (SpecAugment)."""
    name, keys, position, has_gauss, cached = np.random.get_state()
    return {
        "job": generator.get_state(),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        "numpy": [str(name), torch.from_numpy(np.asarray(keys).astype(np.int64)), position, has_gauss, cached],
    }


def restore_random_state(state: dict[str, Any], generator: torch.Generator) -> None:
    """Restore the generators to what `random_state` returned."""
    generator.set_state(state["job"])
    torch.set_rng_state(state["torch"])
    if state["cuda"] and torch.cuda.is_available():  # a run may continue on a machine without GPU
        torch.cuda.set_rng_state_all(state["cuda"])
    name, keys, position, has_gauss, cached = state["numpy"]
    np.random.set_state((name, keys.numpy().astype(np.uint32), position, has_gauss, cached))


def seed_everything(seed: int) -> torch.Generator:
    """Seed PyTorch and NumPy; returns the job's own generator."""
    torch.manual_seed(seed)
    np.random.seed(seed)  # transformers' SpecAugment draws from the global generator
    return torch.Generator().manual_seed(seed)


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint atomically.

    Raises:
        UserError: the disk is full; the previous checkpoint still exists.
    """
    with atomic_write(path) as partial, partial.open("wb") as file:  # if torch gets a path, it hides why a write failed
        torch.save(state, file)


def load_checkpoint(path: Path) -> dict[str, Any] | None:
    """Read a checkpoint to the CPU; None if the file does not exist.

    Raises:
        UserError: the file is damaged.
    """
    if not path.exists():
        return None
    with readable(path):
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Report every error in the content of a checkpoint in one line. The file is kept, so that it can be examined.

    Raises:
        UserError: the file is damaged, or was not written by this run of this version.
    """
    try:
        yield
    except Exception as error:
        what = type(error).__name__
        raise UserError(f"checkpoint {path} cannot be read ({what}): delete it to start over") from error
