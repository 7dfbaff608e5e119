"""Download of CMU AN4 into the user's cache, once. The download is verified and atomic."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from benchmark.corpora.archives import fetch, unpack_part
from benchmark.system.errors import UserError
from benchmark.system.files import remove, together

URL = "http://www.speech.cs.cmu.edu/databases/an4/an4_sphere.tar.gz"
SIZE = "64 MB"  # of the archive
CONTENT = "e179d3e3345b3523b378da884cf0d6bde63dd2c123098a988d07bac7d7f88980"  # of the official 948 + 130 utterances


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
    with together(root.parent) as partial:
        archive = fetch(url, partial, "download it elsewhere, unpack it and set `root`")
        unpack_part(archive, "an4", partial / root.name)
        remove(archive)
        if content_hash(partial / root.name) != content:
            raise UserError(f"what {url} gave is not the known AN4: download it yourself, then set `root`")
    return root


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
