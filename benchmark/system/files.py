"""Atomic writes of files and folders, reading and writing of JSON, and hashes."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from benchmark.system.errors import UserError

FULL = (errno.ENOSPC, errno.EDQUOT)
FULL_TEXTS = ("No space left on device", "Disk quota exceeded", " requested and ")  # the last comes from NumPy's tofile
FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.EISDIR)
_writing: set[Path] = set()  # what this process is about to replace


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` (a file or a folder); it replaces `path` when the block succeeds.

    At any moment `path` is either the old version or the new one. The next writer in the same folder removes what
    killed processes left.

    Raises:
        UserError: the disk is full or the place cannot be written; nothing half-written is left.
    """
    with _one_line(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _temporary(path) as partial:
            yield partial
            _replace(partial, path)


@contextmanager
def together(folder: Path) -> Iterator[Path]:
    """Yield an empty temporary folder in `folder`; when the block succeeds, its content moves to `folder`.

    Nothing in `folder` changes before that. Other files there stay.

    Raises:
        UserError: the disk is full or the place cannot be written; nothing half-written is left.
    """
    with _one_line(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with _temporary(folder / "together") as partial:
            partial.mkdir()
            yield partial
            for made in sorted(partial.iterdir()):
                _replace(made, folder / made.name)


@contextmanager
def _temporary(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, removed at the end. What killed processes left there is removed first."""
    _sweep(path.parent)
    partial = _beside(path, "partial")
    _writing.add(path.absolute())
    try:
        yield partial
    finally:
        _writing.discard(path.absolute())
        remove(partial)


@contextmanager
def _one_line(path: Path) -> Iterator[None]:
    """Report a full disk or a place that may not be written in one line.

    Libraries wrap a full disk in errors of their own (torch: RuntimeError, safetensors: SafetensorError), so this
    looks at the whole chain of causes.
    """
    try:
        yield
    except Exception as error:
        if any(_says_full(cause) for cause in _causes(error)):
            raise UserError(f"disk full while writing {path}: make room, then run the same command again") from error
        if isinstance(error, OSError) and error.errno in FORBIDDEN and _is_at(error, path):
            raise UserError(f"cannot write {path}: {error.strerror}; choose a folder that you may write") from error
        raise


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_at(error: OSError, path: Path) -> bool:
    """Whether an error is about the place to write, and not about something that was read for it."""
    return error.filename is None or Path(os.fsdecode(error.filename)).absolute().is_relative_to(path.absolute().parent)


def _says_full(error: BaseException) -> bool:
    return getattr(error, "errno", None) in FULL or any(text in str(error) for text in FULL_TEXTS)


def _beside(path: Path, kind: str) -> Path:
    """A temporary name that holds its owner: machine and process."""
    return path.parent / f".{path.name}.{socket.gethostname()}.{os.getpid()}.{kind}"


def sweep(folder: Path) -> None:
    """Remove the temporary files that killed processes of this machine left in a folder and below."""
    for inside, _, _ in os.walk(folder):
        _sweep(Path(inside))


def _sweep(folder: Path) -> None:
    """Remove what killed processes left in a folder, and restore what they were about to replace."""
    ours = re.compile(r"\.(.+)\." + re.escape(socket.gethostname()) + r"\.(\d+)\.(partial(\..*)?|old)")
    for left in list(folder.iterdir()):
        match = ours.fullmatch(left.name)
        if match is None or _is_written(folder / match[1], int(match[2])):
            continue
        with suppress(OSError):  # another process sweeps too
            if match[3] == "old" and not (folder / match[1]).exists():
                left.rename(folder / match[1])
            else:
                remove(left)


def _is_written(path: Path, number: int) -> bool:
    """Whether the process with this number is writing a path. An earlier process may have had our number."""
    return path.absolute() in _writing if number == os.getpid() else _runs(number)


def _runs(number: int) -> bool:
    """Whether a process with this number is running."""
    try:
        os.kill(number, 0)  # sends no signal, only checks
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _replace(partial: Path, path: Path) -> None:
    """Replace `path` by `partial`.

    A folder cannot be replaced in one step: the old one is renamed first and deleted last.
    """
    if not partial.is_dir():
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.replace(path)
        return
    old = _beside(path, "old")
    if path.exists():
        path.rename(old)
    partial.rename(path)
    remove(old)


def remove(path: Path) -> None:
    """Remove a file or a folder if it exists. A link is removed, but not its target."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, atomically. NaN is an error: every JSON parser must be able to read a record."""
    write_text(path, json.dumps(value, indent=1, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read JSON. NaN and infinity are errors, although Python's reader accepts them.

    Raises:
        UserError: the file is missing, cannot be read, or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_json)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is not valid JSON ({error}); delete it and run again") from None


def _no_json(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON number")


def hash_of(value: Any) -> str:
    """SHA-256 of a value that JSON can hold, independent of key order."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
