"""Sizes of a corpus's splits. No audio is decoded and nothing is downloaded. No torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.corpora import an4, librispeech, mini
from benchmark.corpora.an4_download import cache_folder
from benchmark.system.errors import UserError, suggestion

if TYPE_CHECKING:
    from benchmark.corpora.choice import CorpusConfig

OPUS_BYTES_A_SECOND = 2000  # for the embedded corpus
AN4_SECONDS = 2.9  # mean length of an utterance
FLAC_BYTES_A_SECOND = 18_200  # for LibriSpeech


@dataclass(frozen=True)
class SplitSize:
    """Size of a split before exclusions. `seconds` may be an estimate; `to_fetch` is disk space to fill, in bytes."""

    utterances: int
    seconds: float
    to_fetch: float = 0.0


def survey(corpus: CorpusConfig) -> dict[str, SplitSize]:
    """The size of every split that a study uses.

    Raises:
        UserError: the corpus or a split does not exist, or a split is missing and not to be downloaded.
    """
    if corpus.name not in SURVEYORS:
        raise UserError(f'unknown corpus "{corpus.name}" (`corpus.name`){suggestion(corpus.name, list(SURVEYORS))}')
    surveyor = SURVEYORS[corpus.name]
    splits = dict.fromkeys([corpus.train, corpus.dev, *corpus.tests])
    return {split: _limited(surveyor(corpus, split), corpus.limit) for split in splits}


def _limited(size: SplitSize, limit: int | None) -> SplitSize:
    if limit is None or size.utterances <= limit:
        return size
    return SplitSize(limit, size.seconds * limit / size.utterances, size.to_fetch)


def _mini(corpus: CorpusConfig, split: str) -> SplitSize:
    path = mini.split_file(corpus, split)
    with mini.opened(path) as file:
        return SplitSize(file.metadata.num_rows, path.stat().st_size / OPUS_BYTES_A_SECOND)


def _an4(corpus: CorpusConfig, split: str) -> SplitSize:
    an4.require_split(split)
    if corpus.root is None and not (cache_folder() / "an4").exists():  # the 64 MB will go to the user's cache
        return SplitSize(an4.UTTERANCES[split], an4.UTTERANCES[split] * AN4_SECONDS)
    found = list(an4.recordings(corpus, split))
    if not any(isinstance(recording.audio, Path) and recording.audio.is_file() for recording in found):
        raise UserError(f"corpus an4 has no recording of {split} in {corpus.root or cache_folder() / 'an4'}")
    return SplitSize(len(found), len(found) * AN4_SECONDS)


def _librispeech(corpus: CorpusConfig, split: str) -> SplitSize:
    size = _official(corpus, librispeech.official_split(corpus, split))
    if corpus.dev_share is None or split not in (corpus.train, corpus.dev):
        return size
    share = corpus.dev_share if split == corpus.dev else 1 - corpus.dev_share
    fetched = size.to_fetch if split == corpus.train else 0.0
    return SplitSize(round(share * size.utterances), share * size.seconds, fetched)


def _official(corpus: CorpusConfig, split: str) -> SplitSize:
    folder = librispeech.split_folder(corpus, split)
    seconds, official = librispeech.OFFICIAL_HOURS[split] * 3600, librispeech.OFFICIAL_UTTERANCES[split]
    if not folder.is_dir():
        return SplitSize(official, seconds, 2 * seconds * FLAC_BYTES_A_SECOND)  # the archive and its unpacked files
    found = librispeech.count_utterances(corpus, split, folder)
    return SplitSize(found, seconds * found / official)


SURVEYORS: dict[str, Callable[[CorpusConfig, str], SplitSize]] = {
    "mini": _mini,
    "an4": _an4,
    "librispeech": _librispeech,
}
