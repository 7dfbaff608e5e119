"""File locks, each held by one process. The operating system releases them when the process ends, however it ends.

Other users may be able to write where lock files lie, so links are never followed and only plain files are opened.
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

LOOK = 0.3  # seconds to try for a lock: `in_use` may hold it for a moment


@contextmanager
def exclusive(path: Path, what: str) -> Iterator[None]:
    """Hold the lock file `path`; the operating system releases it when this process ends, however it ends.

    Raises:
        UserError: another process holds it (the message names `what` it is for), or the file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot create the folder {path.parent}: {error.strerror}") from None
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
        UserError: `path` is not a lock file.
    """
    if not os.path.lexists(path):
        return False
    lock = _lock(path)
    taken = _take(lock, LOOK / 3)  # another process may be checking too
    lock.release()
    return not taken


@contextmanager
def first_free(paths: Sequence[Path], holder: str) -> Iterator[Path]:
    """Hold the first free lock file; if none is free, print that and wait for one.

    Each file contains the name of its current or last holder: `holder`.

    Raises:
        UserError: one of them cannot be opened, or is not a plain file of this user.
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
    """Make sure that a folder exists which only this user can read and write.

    Raises:
        UserError: it cannot be made, or the path is a link, a file or another user's folder.
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
    """A lock on a file. The file stays after the release; `holder` is written into it when the lock is taken."""
    named = None if holder is None else partial(_name_holder, path, holder)
    return FileLock(path, preserve_lock_file=True, fallback_to_soft=False, on_acquired=named)


def _take(lock: FileLock, seconds: float) -> bool:
    """Try to take a lock for some seconds; returns whether that succeeded.

    Raises:
        UserError: its file cannot be opened, or is not a plain file.
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
    """Replace the holder's name in a lock file, which must belong to this user and have no second name."""
    status = os.fstat(file)
    if status.st_uid != os.getuid() or status.st_nlink != 1:
        raise UserError(_not_a_lock(path, "it belongs to another user, or has a second name"))
    os.ftruncate(file, 0)
    os.pwrite(file, holder.encode(), 0)
