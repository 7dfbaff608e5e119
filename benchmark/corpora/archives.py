"""Download of archives, and safe unpacking: only files are written, and only below the given folder."""

from __future__ import annotations

import errno
import gzip
import shutil
import tarfile
import zlib
from pathlib import Path

import pooch

from benchmark.system.at_work import Bar
from benchmark.system.errors import UserError
from benchmark.system.files import atomic_write, remove, together

DAMAGED = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile)  # errors raised when an archive is read
NO_NAME = (errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST)


def fetch(url: str, folder: Path, otherwise: str, sha256: str | None = None) -> Path:
    """Download an archive into `folder` under its own name, and check its SHA-256 if that is known.

    Args:
        url: http or https.
        folder: made if it is missing.
        otherwise: what a user without a network can do, for the error.
        sha256: of the published archive.

    Raises:
        UserError: no network, an incomplete download, or another archive. Then nothing of the download is left.
    """
    pooch.get_logger().setLevel("WARNING")
    name = url.rpartition("/")[2]
    try:
        # pooch sets the bar's total, but before that tests the bar, and a bar without a total has no truth value.
        with together(folder) as partial, Bar(total=1, desc=name, unit="B", unit_scale=True, mininterval=2) as bar:
            downloader = pooch.HTTPDownloader(progressbar=bar, chunk_size=2**20)
            pooch.retrieve(url, sha256, fname=name, path=partial, downloader=downloader)
    except (OSError, ValueError) as error:  # ValueError: the SHA-256 is another
        raise UserError(f"{url} cannot be downloaded ({error}): check the network, or {otherwise}") from None
    return folder / name


def unpack_part(archive: Path, part: str, folder: Path) -> None:
    """Let `part`, a folder within a .tar.gz, become `folder`, which appears whole or not at all.

    Raises:
        UserError: the archive is damaged, has no such part, or has a member that leads out of the folder.
    """
    with atomic_write(folder) as partial:
        whole = partial.with_name(f"{partial.name}.unpacked")
        try:
            with tarfile.open(archive, mode="r:gz") as file:
                unpack(file, whole)
            (whole / part).rename(partial)
        except (*DAMAGED, FileNotFoundError) as error:
            raise UserError(f"{archive} cannot be unpacked ({error}): download it again") from None
        finally:
            remove(whole)


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
