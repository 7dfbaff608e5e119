"""Locks that one process holds: the system lets go of them when it ends, however it ends."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmark.errors import UserError


@contextmanager
def exclusive(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file `path`; the system lets go of it when this process ends, however it ends.

    Raises:
        UserError: another process holds it; says `what` it is about.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        for last in (False, False, False, True):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if last:
                    raise UserError(f"{what} is at work in another process: wait for it, or stop it") from None
                time.sleep(0.1)  # `in_use` may just be looking
        yield


def in_use(path: Path) -> bool:
    """Whether a process holds the lock file `path`."""
    if not path.exists():
        return False
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
