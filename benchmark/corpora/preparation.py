"""Preparation of a corpus for all other rooms: decoded audio, a manifest, and a list of the excluded utterances."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from benchmark.corpora import an4, librispeech, mini
from benchmark.corpora.audio import UnusableError, decode
from benchmark.corpora.manifest import AUDIO, PROBLEMS, SAMPLE_RATE, Problem, SplitSummary, Utterance, write_manifest
from benchmark.corpora.recording import Recording
from benchmark.corpora.remarks import remarks
from benchmark.corpora.splits import Overlaps
from benchmark.system.at_work import Bar
from benchmark.system.errors import UserError, suggestion
from benchmark.system.files import atomic_write

if TYPE_CHECKING:
    from benchmark.corpora.choice import CorpusConfig

Adapter = Callable[["CorpusConfig", str], Iterable[Recording]]
ADAPTERS: dict[str, Adapter] = {
    "mini": mini.recordings,
    "an4": an4.recordings,
    "librispeech": librispeech.recordings,
}
SHORTEST_SECONDS = 0.1  # four frames of wav2vec 2.0; anything shorter is not speech


def prepare(corpus: CorpusConfig, out: Path) -> None:
    """Decode the splits that a study uses into the folder `out`, atomically.

    Unusable utterances of the training split are left out, listed in `problems.jsonl`, counted in `data.json` and
    reported on a printed line. The other splits must be complete: one unusable utterance stops the preparation, unless
    `corpus.partial` allows it to be left out too.

    Raises:
        UserError: unknown corpus or split, missing root, wrong sampling rate, an id or audio that two splits share, an
            unusable utterance in a split that must be complete, a split without usable utterances, or a full disk.
    """
    recordings = _adapter(corpus.name)
    if corpus.root is not None and not corpus.root.is_dir() and not corpus.download:
        raise UserError(f"the root of corpus {corpus.name} does not exist: {corpus.root} (`corpus.root` in the config)")
    overlaps = Overlaps(tests=set(corpus.tests) - {corpus.dev})
    utterances: list[Utterance] = []
    problems: list[Problem] = []
    summaries: dict[str, SplitSummary] = {}
    with atomic_write(out) as partial:
        partial.mkdir()
        with (partial / AUDIO).open("wb") as file:
            audio = _AudioFile(file)
            for split in dict.fromkeys([corpus.train, corpus.dev, *corpus.tests]):
                offered = overlaps.once(islice(recordings(corpus, split), corpus.limit), split)
                usable, left_out = _write_split(corpus, split, offered, audio, overlaps)
                _refuse_gaps(corpus, split, usable, left_out)
                summaries[split] = _summary(usable, left_out)
                _report(split, summaries[split], left_out, out)
                utterances += usable
                problems += left_out
        write_manifest(partial, utterances, problems, audio.digest.hexdigest(), summaries, remarks(corpus))


def _adapter(name: str) -> Adapter:
    if name in ADAPTERS:
        return ADAPTERS[name]
    raise UserError(f'unknown corpus "{name}" (`corpus.name`){suggestion(name, list(ADAPTERS))}')


class _AudioFile:
    """The file of all decoded audio, utterance after utterance, and a hash over ids, texts and audio."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.digest = hashlib.sha256()

    def append(self, id: str, text: str, samples: np.ndarray) -> int:
        """Append an utterance's audio, int16 (samples,); returns its start, in samples."""
        start = self.file.tell() // samples.itemsize
        self.file.write(samples.tobytes())
        self.digest.update(f"{id}\n{text}\n{len(samples)}\n".encode() + samples.tobytes())
        return start


def _write_split(
    corpus: CorpusConfig, split: str, recordings: Iterable[Recording], audio: _AudioFile, overlaps: Overlaps
) -> tuple[list[Utterance], list[Problem]]:
    """Append a split's audio; returns its usable utterances and those left out."""
    usable: list[Utterance] = []
    left_out: list[Problem] = []
    longest = corpus.max_seconds if split == corpus.train else math.inf  # a test set is scored completely
    for recording in Bar(recordings, desc=split, unit="utt", mininterval=2):
        try:
            samples = _usable_samples(recording, corpus, longest)
        except UnusableError as error:
            left_out.append(Problem(id=recording.id, split=split, reason=str(error)))
            continue
        overlaps.heard(recording, split, samples)
        text = " ".join(recording.text.split())
        start = audio.append(recording.id, text, samples)
        usable.append(Utterance(recording.id, recording.speaker, split, text, start, len(samples)))
    return usable, left_out


def _refuse_gaps(corpus: CorpusConfig, split: str, usable: list[Utterance], left_out: list[Problem]) -> None:
    """Refuse an empty split, and an incomplete test or development set, since others score the complete set."""
    where = f"split {split} of corpus {corpus.name}"
    if not usable:
        reasons = f": {left_out[0]['id']}: {left_out[0]['reason']}, and so on" if left_out else ""
        raise UserError(f"{where} has no usable utterance{reasons}")
    if left_out and split != corpus.train and corpus.partial is not True:
        raise UserError(
            f"{where} must be complete, but {len(left_out)} of its {len(usable) + len(left_out)} utterances cannot be "
            f"used; the first is {left_out[0]['id']} ({left_out[0]['reason']}): repair them, or set "
            "`partial: true` under `corpus` to use the others"
        )


def _usable_samples(recording: Recording, corpus: CorpusConfig, longest: float) -> np.ndarray:
    """Decoded audio of a recording, which must have a transcript and an allowed length."""
    if not recording.text.strip():
        raise UnusableError("no transcript")
    if recording.audio is None:
        raise UnusableError("no audio")
    samples = decode(recording.audio, recording.source, resample=corpus.resample)
    seconds = len(samples) / SAMPLE_RATE
    if seconds > longest:
        raise UnusableError(f"too long: {seconds:.2f} s, more than max_seconds: {longest:g}")
    if seconds < SHORTEST_SECONDS:
        raise UnusableError(f"too short: {seconds:.3f} s")
    return samples


def _summary(usable: list[Utterance], left_out: list[Problem]) -> SplitSummary:
    return SplitSummary(
        utterances=len(usable),
        words=sum(len(u.text.split()) for u in usable),
        seconds=round(sum(u.seconds for u in usable), 3),
        speakers=len({u.speaker for u in usable}),
        left_out=len(left_out),
    )


def _report(split: str, summary: SplitSummary, left_out: list[Problem], out: Path) -> None:
    line = (
        f"{split}: {summary['utterances']} utterances, {summary['words']} words, "
        f"{summary['seconds'] / 60:.1f} minutes, {summary['speakers']} speakers; left out: {summary['left_out']}"
    )
    if left_out:
        line += f", such as {left_out[0]['id']} ({left_out[0]['reason']}); all are in {out / PROBLEMS}"
    print(line)
