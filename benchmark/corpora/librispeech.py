"""LibriSpeech in its official layout: `<root>/LibriSpeech/<split>/<speaker>/<chapter>/`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.corpora.recording import Recording
from benchmark.errors import UserError

if TYPE_CHECKING:
    from benchmark.study import CorpusConfig


OFFICIAL_UTTERANCES = {
    "train-clean-100": 28_539,
    "train-clean-360": 104_014,
    "train-other-500": 148_688,
    "dev-clean": 2_703,
    "dev-other": 2_864,
    "test-clean": 2_620,
    "test-other": 2_939,
}
OFFICIAL_HOURS = {  # Panayotov et al., ICASSP 2015, table 1
    "train-clean-100": 100.6,
    "train-clean-360": 363.6,
    "train-other-500": 496.7,
    "dev-clean": 5.4,
    "dev-other": 5.3,
    "test-clean": 5.4,
    "test-other": 5.1,
}


def recordings(corpus: CorpusConfig, split: str) -> Iterator[Recording]:
    """Recordings of a split such as `train-clean-100`; texts as they are, which is upper case.

    Raises:
        UserError: no root, no such split, the split is not there and is not to be downloaded, or it is incomplete.
    """
    folder = _find(corpus, split)
    for chapter in sorted(folder.glob("*/*/")):
        texts = _transcripts(chapter)
        for id in sorted({path.stem for path in chapter.glob("*.flac")} | set(texts)):
            path = chapter / f"{id}.flac"
            yield Recording(id, texts.get(id, ""), path, str(path))


def _find(corpus: CorpusConfig, split: str) -> Path:
    """The split's folder, downloaded first if the config asks for it."""
    from torchaudio.datasets import LIBRISPEECH

    if corpus.root is None:
        raise UserError("corpus librispeech needs a root: the folder that holds (or is to hold) LibriSpeech/")
    if corpus.download:
        corpus.root.mkdir(parents=True, exist_ok=True)
    try:
        found = LIBRISPEECH(corpus.root, url=split, download=corpus.download)
    except ValueError as error:
        raise UserError(f"corpus librispeech: {error}") from None
    except RuntimeError as error:
        if corpus.download:
            raise UserError(f"LibriSpeech {split} cannot be downloaded to {corpus.root}: {error}") from None
        raise UserError(
            f"LibriSpeech {split} is not in {corpus.root / 'LibriSpeech' / split}: set `root` to the folder that holds "
            "LibriSpeech/, or `download: true` under `corpus`"
        ) from None
    except OSError as error:
        raise UserError(f"LibriSpeech {split} cannot be downloaded to {corpus.root}: {error}") from None
    if len(found) == 0:
        raise UserError(f"{corpus.root / 'LibriSpeech' / split} has no utterances: unpack {split}.tar.gz again")
    folder = corpus.root / "LibriSpeech" / split
    if len(found) != OFFICIAL_UTTERANCES[split] and not corpus.partial:
        raise UserError(
            f"{folder} has {len(found):,} utterances, the official split {OFFICIAL_UTTERANCES[split]:,}: unpack "
            f"{split}.tar.gz again, or say `partial: true` under `corpus` to do with what is there"
        )
    return folder


def _transcripts(chapter: Path) -> dict[str, str]:
    """Texts of a chapter by id. torchaudio's own reader stops at the first line without a text."""
    path = chapter / f"{chapter.parent.name}-{chapter.name}.trans.txt"
    if not path.exists():
        return {}
    lines = (line.partition(" ") for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    return {id: text.strip() for id, _, text in lines}
