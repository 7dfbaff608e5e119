"""Download of LibriSpeech, one split at a time. Each download is verified and atomic."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmark.corpora.archives import fetch, unpack_part
from benchmark.system.errors import UserError
from benchmark.system.files import hash_file

URL = "https://www.openslr.org/resources/12/"
ARCHIVES = {  # SHA-256 of <split>.tar.gz; torchaudio lists the same values
    "dev-clean": "76f87d090650617fca0cac8f88b9416e0ebf80350acb97b343a85fa903728ab3",
    "dev-other": "12661c48e8c3fe1de2c1caa4c3e135193bfb1811584f11f569dd12645aa84365",
    "test-clean": "39fde525e59672dc6d1551919b1478f724438a95aa55f874b576be21967e6c23",
    "test-other": "d09c181bba5cf717b3dee7d4d592af11a3ee3a09e08ae025c5506f6ebe961c29",
    "train-clean-100": "d4ddd1d5a6ab303066f14971d768ee43278a5f2a0aa43dc716b0e64ecbbbf6e2",
    "train-clean-360": "146a56496217e96c14334a160df97fffedd6e0a04e66b9c5af0d40be3c792ecf",
    "train-other-500": "ddb22f27f96ec163645d53215559df6aa36515f26e01dd70798188350adcb6d2",
}


def download(split: str, root: Path, url: str = URL) -> None:
    """Unpack `<split>.tar.gz` in `root` to `LibriSpeech/<split>`. The archive is downloaded first if it is missing.

    Raises:
        UserError: no network, or the archive is damaged or not the published one. Then nothing of the split is left.
    """
    archive, folder = root / f"{split}.tar.gz", root / "LibriSpeech" / split
    if not archive.exists():
        print(f"downloading {url}{archive.name} to {root}", file=sys.stderr)
        fetch(f"{url}{archive.name}", root, f"put {archive.name} into {root}", ARCHIVES[split])
    elif hash_file(archive) != ARCHIVES[split]:
        raise UserError(f"{archive} is not the published archive (its SHA-256 is another): delete it, then run again")
    unpack_part(archive, f"LibriSpeech/{split}", folder)
