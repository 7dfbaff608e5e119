"""Files that several processes need and only one makes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmark.system.files import atomic_write
from benchmark.system.lock import first_free


def made_once(path: Path, make: Callable[[Path], None], holder: str) -> Path:
    """A file, made unless it is there; processes that need it meanwhile wait for the one that makes it.

    Args:
        path: the file. Its name has to say what it is made from, by a hash for example.
        make: writes the file to the path that it gets.
        holder: what is making it, shown to those that wait.

    Raises:
        UserError: the disk is full, or the place cannot be written.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with first_free([path.with_name(f"{path.name}.lock")], holder):
            if not path.exists():
                with atomic_write(path) as partial:
                    make(partial)
    return path
