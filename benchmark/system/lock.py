"""Locks that one process holds: the system lets go of them when it ends, however it ends.

Lock files may lie where others can write. A link is never followed, and nothing but a plain file is opened.
"""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from benchmark.system.errors import UserError


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
    with _opened(path) as file:
        for last in (False, False, False, True):
            if _take(file):
                break
            if last:
                raise UserError(f"{what} is at work in another process: wait for it, or stop it")
            time.sleep(0.1)  # `in_use` may just be looking
        yield


def in_use(path: Path) -> bool:
    """Whether a process holds the lock file `path`.

    Raises:
        UserError: what is there is no lock file.
    """
    if not os.path.lexists(path):
        return False
    with _opened(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@contextmanager
def first_free(paths: Sequence[Path], holder: str) -> Iterator[Path]:
    """Hold the first of the lock files that is free; wait for one if none is, and say so in a line.

    Each file holds the name of who holds it, or held it last: `holder`.

    Raises:
        UserError: one of them cannot be opened, or is no plain file of this user's.
    """
    with ExitStack() as stack:
        files = {path: stack.enter_context(_opened(path)) for path in paths}
        waiting = False
        while not (free := next((path for path, file in files.items() if _take(file)), None)):
            if not waiting:
                held = "; ".join(f"{path.name} is held by {_holder(file)}" for path, file in files.items())
                print(f"{holder} waits: {held}", flush=True)
                waiting = True
            time.sleep(0.2)
        _name_holder(free, files[free], holder)
        for path in paths:
            if path != free:
                files[path].close()
        yield free


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


def _opened(path: Path) -> TextIO:
    """The lock file, made if need be, for reading and appending; what it holds stays."""
    try:
        number = os.open(
            path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o666
        )
    except OSError as error:
        raise UserError(_not_a_lock(path, error.strerror)) from None
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise UserError(_not_a_lock(path, "it is not a plain file"))
    return os.fdopen(number, "a+", encoding="utf-8")


def _not_a_lock(path: Path, reason: str | None) -> str:
    if path.is_symlink() or path.is_dir():
        reason = "it is a link" if path.is_symlink() else "it is a folder"
    return f"cannot use {path} as a lock file: {reason}; remove it"


def _name_holder(path: Path, file: TextIO, holder: str) -> None:
    """Write who holds the lock over who held it before, in a file that is this user's and has no other name."""
    status = os.fstat(file.fileno())
    if status.st_uid != os.getuid() or status.st_nlink != 1:
        raise UserError(_not_a_lock(path, "it is another user's, or has a second name"))
    file.truncate(0)
    file.write(holder)
    file.flush()


def _holder(file: TextIO) -> str:
    file.seek(0)
    return file.read()


def _take(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
