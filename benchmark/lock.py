"""Locks that one process holds: the system lets go of them when it ends, however it ends."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

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
            if _take(file):
                break
            if last:
                raise UserError(f"{what} is at work in another process: wait for it, or stop it")
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


@contextmanager
def first_free(paths: Sequence[Path], holder: str) -> Iterator[Path]:
    """Hold the first of the lock files that is free; wait for one if none is, and say so in a line.

    Each file holds the name of who holds it, or held it last: `holder`.
    """
    with ExitStack() as stack:
        files = {path: stack.enter_context(path.open("a+", encoding="utf-8")) for path in paths}
        waiting = False
        while not (free := next((path for path, file in files.items() if _take(file)), None)):
            if not waiting:
                held = "; ".join(f"{path.name} is held by {path.read_text(encoding='utf-8')}" for path in paths)
                print(f"{holder} waits: {held}", flush=True)
                waiting = True
            time.sleep(0.2)
        files[free].truncate(0)
        files[free].write(holder)
        files[free].flush()
        for path in paths:
            if path != free:
                files[path].close()
        yield free


def _take(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
