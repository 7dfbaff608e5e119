"""Locks that one process holds: the system lets go of them when it ends, however it ends.

Lock files may lie where others can write. A link is never followed, and nothing but a plain file is opened.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from benchmark.system.errors import UserError

LOOK = 0.3  # seconds that a lock is tried for: `in_use` may just be looking


@contextmanager
def exclusive(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file `path`; the system lets go of it when this process ends, however it ends.

    Raises:
        UserError: another process holds it (says `what` it is about), or there can be no such file.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make the folder {path.parent}: {error.strerror}") from None
    lock = _lock(path)
    if not _take(lock, LOOK):
        raise UserError(f"{what} is at work in another process: wait for it, or stop it")
    try:
        yield
    finally:
        lock.release()


def in_use(path: Path) -> bool:
    """Whether a process holds the lock file `path`.

    Raises:
        UserError: what is there is no lock file.
    """
    if not os.path.lexists(path):
        return False
    lock = _lock(path)
    taken = _take(lock, LOOK / 3)  # another process may just be looking too
    lock.release()
    return not taken


@contextmanager
def first_free(paths: Sequence[Path], holder: str) -> Iterator[Path]:
    """Hold the first of the lock files that is free; wait for one if none is, and say so in a line.

    Each file holds the name of who holds it, or held it last: `holder`.

    Raises:
        UserError: one of them cannot be opened, or is no plain file of this user's.
    """
    locks = {path: _lock(path, holder) for path in paths}
    waiting = False
    while not (free := next((path for path, lock in locks.items() if _take(lock, 0)), None)):
        if not waiting:
            held = "; ".join(f"{path.name} is held by {path.read_text(encoding='utf-8')}" for path in paths)
            print(f"{holder} waits: {held}", flush=True)
            waiting = True
        time.sleep(0.2)
    try:
        yield free
    finally:
        locks[free].release()


def private_folder(path: Path) -> None:
    """Make a folder that nobody but this user can write to or look into, or see to it that it is one.

    Raises:
        UserError: it cannot be made, or something else is there: a link, a file, another user's folder.
    """
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        reason = "it is a link" if path.is_symlink() else error.strerror
        raise UserError(f"cannot keep locks in {path}: {reason}; set TMPDIR to a folder of your own") from None
    try:
        if (owner := os.fstat(folder).st_uid) != os.getuid():
            raise UserError(
                f"cannot keep locks in {path}: it belongs to another user ({owner}); set TMPDIR to a folder of your own"
            )
        os.fchmod(folder, 0o700)
    finally:
        os.close(folder)


def _lock(path: Path, holder: str | None = None) -> FileLock:
    """A lock on a file, which stays when it is released; `holder` is written into it when the lock is taken."""
    named = None if holder is None else partial(_name_holder, path, holder)
    return FileLock(path, preserve_lock_file=True, fallback_to_soft=False, on_acquired=named)


def _take(lock: FileLock, seconds: float) -> bool:
    """Whether a lock could be taken within some seconds.

    Raises:
        UserError: its file cannot be opened, or is no plain file.
    """
    path = Path(lock.lock_file)
    if os.path.lexists(path) and not stat.S_ISREG(path.lstat().st_mode):
        raise UserError(_not_a_lock(path, "it is not a plain file"))
    try:
        lock.acquire(timeout=seconds, poll_interval=LOOK / 6)
    except Timeout:
        return False
    except OSError as error:
        raise UserError(_not_a_lock(path, error.strerror)) from None
    return True


def _not_a_lock(path: Path, reason: str | None) -> str:
    if path.is_symlink() or path.is_dir():
        reason = "it is a link" if path.is_symlink() else "it is a folder"
    return f"cannot use {path} as a lock file: {reason}; remove it"


def _name_holder(path: Path, holder: str, file: int) -> None:
    """Write who holds the lock over who held it before, in a file that is this user's and has no other name."""
    status = os.fstat(file)
    if status.st_uid != os.getuid() or status.st_nlink != 1:
        raise UserError(_not_a_lock(path, "it is another user's, or has a second name"))
    os.ftruncate(file, 0)
    os.pwrite(file, holder.encode(), 0)
