"""Whether files are still those that were written: size and time are compared, and the hash where those differ."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from typing_extensions import TypedDict

from benchmark.errors import UserError
from benchmark.files import hash_file
from benchmark.validated import Count


class Stamp(TypedDict):
    """What a file was when it was written."""

    bytes: Count
    modified_ns: int
    sha256: str


Stamps = dict[str, Stamp]  # by name in a folder


def stamped(folder: Path, names: Iterable[str]) -> Stamps:
    """Stamps of files in a folder, as they are now."""
    return {name: _stamp(folder / name) for name in sorted(names)}


def _stamp(path: Path) -> Stamp:
    status = path.stat()
    return Stamp(bytes=status.st_size, modified_ns=status.st_mtime_ns, sha256=hash_file(path))


def require_unchanged(folder: Path, stamps: Stamps, remedy: str) -> None:
    """Refuse a folder in which a file is missing or has other bytes than those stamped.

    Opening is cheap: only a file whose size or time has changed is read, and once a process.

    Raises:
        UserError: names the file, and `remedy`.
    """
    for name, stamp in stamps.items():
        path = folder / name
        try:
            same = _is(path, stamp)
        except OSError as error:
            raise UserError(f"{path} cannot be read ({error.strerror}): {remedy}") from None
        if not same:
            raise UserError(f"{path} is damaged: it is not the file that was written; {remedy}")


def _is(path: Path, stamp: Stamp) -> bool:
    status = path.stat()
    if status.st_size != stamp["bytes"]:
        return False
    return status.st_mtime_ns == stamp["modified_ns"] or _hash_at(path, status.st_mtime_ns) == stamp["sha256"]


@cache
def _hash_at(path: Path, modified_ns: int) -> str:
    """Hash of a file that was last written at a time: a copy of a work folder has other times, but the same bytes."""
    return hash_file(path)
