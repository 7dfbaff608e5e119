"""LibriSpeech in its official layout: `<root>/LibriSpeech/<split>/<speaker>/<chapter>/`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.corpora.librispeech_download import download
from benchmark.corpora.recording import Recording
from benchmark.system.errors import UserError

if TYPE_CHECKING:
    from benchmark.corpora.choice import CorpusConfig


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
    """Recordings of a split such as `train-clean-100`, with the original texts, which are in upper case.

    With `corpus.dev_share`, the development set is made of some speakers of the training split.

    Raises:
        UserError: there is no root, the split does not exist, is missing and not to be downloaded, or is incomplete.
    """
    folder = _find(corpus, official_split(corpus, split))
    speakers = _speakers(corpus, split, folder)
    for chapter in sorted(path for path in folder.glob("*/*/") if path.parent.name in speakers):
        texts = _transcripts(chapter)
        for id in sorted({path.stem for path in chapter.glob("*.flac")} | set(texts)):
            path = chapter / f"{id}.flac"
            yield Recording(id, texts.get(id, ""), path, str(path))


def official_split(corpus: CorpusConfig, split: str) -> str:
    """The official split from which the recordings of a study's split come."""
    return corpus.train if corpus.dev_share is not None and split == corpus.dev else split


def _speakers(corpus: CorpusConfig, split: str, folder: Path) -> set[str]:
    """The speakers of a study's split: those held out for the development set are evenly spread over all ids."""
    everyone = sorted(path.name for path in folder.iterdir() if path.is_dir())
    if corpus.dev_share is None or split not in (corpus.train, corpus.dev):
        return set(everyone)
    count = max(1, round(corpus.dev_share * len(everyone)))
    held_out = {everyone[int((i + 0.5) * len(everyone) / count)] for i in range(count)}
    if len(held_out) == len(everyone):
        raise UserError(
            f"{folder} has {len(everyone)} speaker(s), none of whom would be left to train on beside `dev`: lower "
            "`dev_share`, or use more of the split"
        )
    return held_out if split == corpus.dev else set(everyone) - held_out


def may_be_partial(corpus: CorpusConfig, split: str) -> bool:
    """Whether a study accepts an incomplete official split."""
    return corpus.partial is True or (corpus.partial == "train" and split == corpus.train)


def incomplete(corpus: CorpusConfig) -> list[str]:
    """In words, the splits of a study that lack utterances of the official ones."""
    splits = dict.fromkeys(official_split(corpus, split) for split in (corpus.train, corpus.dev, *corpus.tests))
    counts = {split: len(list(_find(corpus, split).glob("*/*/*.flac"))) for split in splits}
    return [
        f"LibriSpeech {split} has {count:,} of {OFFICIAL_UTTERANCES[split]:,} utterances"
        for split, count in counts.items()
        if count != OFFICIAL_UTTERANCES[split]
    ]


def split_folder(corpus: CorpusConfig, split: str) -> Path:
    """The folder of an official split, which may be missing if the config asks for its download.

    Raises:
        UserError: there is no such split, no root, or no folder, and none is to be downloaded.
    """
    if split not in OFFICIAL_UTTERANCES:
        raise UserError(f"corpus librispeech has no split {split!r}; there are: {', '.join(OFFICIAL_UTTERANCES)}")
    if corpus.root is None:
        raise UserError("corpus librispeech needs `root`: set it to the folder that holds, or will hold, LibriSpeech/")
    folder = corpus.root / "LibriSpeech" / split
    if not folder.is_dir() and not corpus.download:
        raise UserError(
            f"LibriSpeech {split} is not in {folder}: set `root` to the folder that holds LibriSpeech/, or set "
            "`download: true` under `corpus`"
        )
    return folder


def count_utterances(corpus: CorpusConfig, split: str, folder: Path) -> int:
    """The number of utterances in the folder of an official split.

    Raises:
        UserError: some are missing, and the study does not accept that.
    """
    found = sum(1 for _ in folder.glob("*/*/*.flac"))
    if found != OFFICIAL_UTTERANCES[split] and not may_be_partial(corpus, split):
        raise UserError(
            f"{folder} has {found:,} utterances, but the official split has {OFFICIAL_UTTERANCES[split]:,}: unpack "
            f"{split}.tar.gz again, or set `partial: true` under `corpus` to use the incomplete split"
        )
    return found


def _find(corpus: CorpusConfig, split: str) -> Path:
    """The split's folder, downloaded first if it is missing and the config asks for that."""
    folder = split_folder(corpus, split)
    if not folder.is_dir():
        assert corpus.root is not None
        download(split, corpus.root)
    if count_utterances(corpus, split, folder) == 0:
        raise UserError(f"{folder} has no utterances: unpack {split}.tar.gz again")
    return folder


def _transcripts(chapter: Path) -> dict[str, str]:
    """Texts of a chapter by id; "" if a line has no text."""
    path = chapter / f"{chapter.parent.name}-{chapter.name}.trans.txt"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error}): unpack {chapter.parents[1].name}.tar.gz again") from None
    texts: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        id, _, text = line.strip().partition(" ")
        if id in texts:
            raise UserError(f"{path}, line {number}: {id} appears twice: unpack {chapter.parents[1].name}.tar.gz again")
        if id:
            texts[id] = text.strip()
    return texts
