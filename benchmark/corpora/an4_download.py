"""Download of CMU AN4 into the user's cache, once. The download is verified and atomic."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import sys
import tarfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, cast

from tqdm import tqdm

from benchmark.corpora.archives import DAMAGED, unpack
from benchmark.system.errors import UserError
from benchmark.system.files import atomic_write

URL = "http://www.speech.cs.cmu.edu/databases/an4/an4_sphere.tar.gz"
SIZE = "64 MB"  # of the archive
CONTENT = "e179d3e3345b3523b378da884cf0d6bde63dd2c123098a988d07bac7d7f88980"  # of the official 948 + 130 utterances
TIMEOUT_SECONDS = 30


def cache_folder() -> Path:
    """Folder of the downloads: `$XDG_CACHE_HOME/pinchbench`, by default `~/.cache/pinchbench`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pinchbench"


def download(url: str = URL, content: str = CONTENT) -> Path:
    """AN4's root folder in the cache, downloaded if it is missing.

    Args:
        url: the archive, a .tar.gz with the folder `an4`.
        content: the value that `content_hash` must return.

    Raises:
        UserError: no network, a broken archive, or unexpected content. Then nothing of the download is left.
    """
    root = cache_folder() / "an4"
    if root.exists():
        return root
    print(f"downloading AN4 ({SIZE}) from {url} to {root}", file=sys.stderr)
    with atomic_write(root) as partial:
        unpacked = partial.with_name(f"{partial.name}.unpacked")
        try:
            _fetch_and_unpack(url, unpacked)
            if content_hash(unpacked / "an4") != content:
                raise UserError(f"what {url} gave is not the known AN4: download it yourself, then set `root`")
            (unpacked / "an4").rename(partial)
        finally:
            shutil.rmtree(unpacked, ignore_errors=True)
    return root


def _fetch_and_unpack(url: str, folder: Path) -> None:
    """Unpack the archive while it is downloaded."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:
            size = int(response.headers.get("Content-Length", 0)) or None
            with (
                tqdm.wrapattr(response, "read", total=size, desc="AN4", mininterval=2) as stream,
                tarfile.open(fileobj=cast(IO[bytes], stream), mode="r|gz") as archive,
            ):
                unpack(archive, folder)
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        raise UserError(
            f"AN4 cannot be downloaded from {url} ({error}): check the network, or download it elsewhere and set `root`"
        ) from None
    except DAMAGED as error:
        raise UserError(f"the download from {url} is broken or incomplete ({error}): run the command again") from None


def content_hash(root: Path) -> str:
    """SHA-256 over AN4's file lists, transcripts and recordings. It does not depend on how they were packed."""
    digest = hashlib.sha256()
    try:
        for part in ("train", "test"):
            lists = [root / "etc" / f"an4_{part}.{kind}" for kind in ("fileids", "transcription")]
            recordings = [root / "wav" / f"{line}.sph" for line in lists[0].read_text(encoding="utf-8").split()]
            for path in lists + recordings:
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    except FileNotFoundError as error:
        return f"incomplete: no {error.filename}"
    return digest.hexdigest()
