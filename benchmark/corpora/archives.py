"""Safe unpacking of downloaded archives: only files are written, and only below the given folder."""

from __future__ import annotations

import errno
import gzip
import shutil
import tarfile
import zlib
from pathlib import Path

DAMAGED = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile)  # errors raised when an archive is read
NO_NAME = (errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST)


def unpack(archive: tarfile.TarFile, folder: Path) -> None:
    """Write an archive's files below `folder`. Links within the folder are skipped, since no corpus has any.

    `extractall(filter="data")` would do the same, but needs Python 3.11.4, and Debian 12 has 3.11.2.

    Raises:
        tarfile.TarError: a member or a link leads out of `folder`, or cannot be written as a file.
        DAMAGED: the archive is damaged.
    """
    for member in archive:
        path = folder / member.name
        _require_inside(path, folder, member)
        if member.issym():
            _require_inside(path.parent / member.linkname, folder, member)
        elif member.islnk():
            _require_inside(folder / member.linkname, folder, member)
        elif member.isfile():
            _write(archive, member, path)
        elif not member.isdir():
            raise tarfile.TarError(f"{member.name} is a device")


def _require_inside(path: Path, folder: Path, member: tarfile.TarInfo) -> None:
    if not path.resolve().is_relative_to(folder.resolve()):
        raise tarfile.TarError(f"{member.name} leads outside the folder")


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    content = archive.extractfile(member)
    assert content is not None  # extractfile returns None only for members that are not files
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with content, path.open("wb") as file:
            shutil.copyfileobj(content, file)
    except OSError as error:
        if error.errno in NO_NAME:
            raise tarfile.TarError(f"{member.name[:60]} cannot be the name of a file: {error.strerror}") from None
        raise
