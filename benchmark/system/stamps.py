"""Stamps that show whether files have changed: size and time are compared first, the hash only if the time differs."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TypeVar, cast

from typing_extensions import TypedDict

from benchmark.system.errors import UserError
from benchmark.system.files import hash_file
from benchmark.system.validated import Count, read_json_as

T = TypeVar("T")


class Stamp(TypedDict):
    """A file's size, time and hash when it was written."""

    bytes: Count
    modified_ns: int
    sha256: str


Stamps = dict[str, Stamp]  # by file name in a folder


def stamped(folder: Path, names: Iterable[str]) -> Stamps:
    """Current stamps of files in a folder."""
    return {name: _stamp(folder / name) for name in sorted(names)}


def _stamp(path: Path) -> Stamp:
    status = path.stat()
    return Stamp(bytes=status.st_size, modified_ns=status.st_mtime_ns, sha256=hash_file(path))


def read_stamped(path: Path, kind: type[T], names: Iterable[str], remedy: str) -> T:
    """Read a JSON file whose `files` are the stamps of files below its folder, and check those too.

    That is cheap: a file is hashed again only if its time has changed, and only once per process.

    Args:
        path: the JSON file.
        kind: the type of its content.
        names: files that must have a stamp.
        remedy: what to do if something is wrong.

    Raises:
        UserError: the file is missing or of another form, or a stamped file is missing or has changed; the message
            says which, and gives the `remedy`.
    """
    try:
        record = read_json_as(path, kind)
        stamps = cast(dict[str, Stamps], record)["files"]
        if missing := set(names) - stamps.keys():
            raise UserError(f"{path} has no stamp for {missing.pop()}")
        _require_unchanged(path.parent, stamps)
    except UserError as error:
        raise UserError(f"{error}: {remedy}") from None
    return record


def _require_unchanged(folder: Path, stamps: Stamps) -> None:
    for name, stamp in stamps.items():
        path = folder / name
        try:
            same = _is(path, stamp)
        except (OSError, ValueError) as error:  # ValueError: no file can have this name
            raise UserError(f"{path} cannot be read ({getattr(error, 'strerror', error)})") from None
        if not same:
            raise UserError(f"{path} is damaged: it is not the file that was written")


def _is(path: Path, stamp: Stamp) -> bool:
    status = path.stat()
    if status.st_size != stamp["bytes"]:
        return False
    return status.st_mtime_ns == stamp["modified_ns"] or _hash_at(path, status.st_mtime_ns) == stamp["sha256"]


@cache
def _hash_at(path: Path, modified_ns: int) -> str:
    """Hash of a file with this modification time. A copy of a work folder has other times, but the same bytes."""
    return hash_file(path)
