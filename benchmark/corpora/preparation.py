"""Bring a corpus into the one form that all else reads: decoded audio, a manifest, and a list of what was left out."""

from __future__ import annotations

import difflib
import hashlib
import json
import math
from collections.abc import Callable, Iterable
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from tqdm import tqdm

from benchmark.corpora import an4, librispeech, mini
from benchmark.corpora.audio import UnusableError, decode
from benchmark.corpora.manifest import (
    AUDIO,
    MANIFEST,
    PROBLEMS,
    SAMPLE_RATE,
    SUMMARY,
    Problem,
    SplitSummary,
    Summary,
    Utterance,
)
from benchmark.corpora.recording import Recording
from benchmark.errors import UserError
from benchmark.files import whole, write_json

if TYPE_CHECKING:
    from benchmark.study import CorpusConfig

Adapter = Callable[["CorpusConfig", str], Iterable[Recording]]
ADAPTERS: dict[str, Adapter] = {
    "mini": mini.recordings,
    "an4": an4.recordings,
    "librispeech": librispeech.recordings,
}
SHORTEST_SECONDS = 0.1  # wav2vec 2.0 makes four frames of it: less is no speech


def prepare(corpus: CorpusConfig, out: Path) -> None:
    """Decode the splits that a study uses into the folder `out`, whole or not at all.

    Utterances that cannot be used are left out, listed in `problems.jsonl`, counted in `data.json` and on a printed
    line per split.

    Raises:
        UserError: unknown corpus or split, missing root, wrong sampling rate, an id that comes twice, a split without
            one usable utterance, or a full disk.
    """
    recordings = _adapter(corpus.name)
    if corpus.root is not None and not corpus.root.is_dir() and not corpus.download:
        raise UserError(f"the root of corpus {corpus.name} does not exist: {corpus.root} (`corpus.root` in the config)")
    ids = _Ids(tests=set(corpus.tests))
    digest = hashlib.sha256()
    utterances: list[Utterance] = []
    problems: list[Problem] = []
    summaries: dict[str, SplitSummary] = {}
    with whole(out) as partial:
        partial.mkdir()
        with (partial / AUDIO).open("wb") as audio:
            for split in dict.fromkeys([corpus.train, corpus.dev, *corpus.tests]):
                offered = ids.once(islice(recordings(corpus, split), corpus.limit), split)
                usable, left_out = _write_split(corpus, split, offered, audio, digest)
                summaries[split] = _summary(usable, left_out)
                _report(split, summaries[split], left_out, out)
                utterances += usable
                problems += left_out
        _write_lines(partial / MANIFEST, map(asdict, utterances))
        _write_lines(partial / PROBLEMS, problems)
        write_json(partial / SUMMARY, Summary(hash=digest.hexdigest(), splits=summaries))


def _adapter(name: str) -> Adapter:
    if name in ADAPTERS:
        return ADAPTERS[name]
    close = difflib.get_close_matches(name, ADAPTERS, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(ADAPTERS)}"
    raise UserError(f"unknown corpus {name!r} (`corpus.name` in the config); {hint}")


class _Ids:
    """Refuses an id that comes twice. Only test sets may overlap, as a part and the whole of one do."""

    def __init__(self, tests: set[str]) -> None:
        self.tests = tests
        self.splits: dict[str, list[str]] = {}

    def once(self, recordings: Iterable[Recording], split: str) -> Iterable[Recording]:
        """Pass on the recordings of a split."""
        for recording in recordings:
            for other in self.splits.setdefault(recording.id, []):
                if other == split or not {other, split} <= self.tests:
                    where = split if other == split else f"{other} and {split}"
                    raise UserError(f"utterance {recording.id} comes twice in {where} ({recording.source})")
            self.splits[recording.id].append(split)
            yield recording


def _write_split(
    corpus: CorpusConfig, split: str, recordings: Iterable[Recording], audio: BinaryIO, digest: hashlib._Hash
) -> tuple[list[Utterance], list[Problem]]:
    """Append a split's audio; return its usable utterances and those left out."""
    usable: list[Utterance] = []
    left_out: list[Problem] = []
    longest = corpus.max_seconds if split == corpus.train else math.inf  # a test set is scored whole
    for recording in tqdm(recordings, desc=f"prepare {split}", unit="utt", mininterval=2):
        try:
            samples = _usable_samples(recording, corpus, longest)
        except UnusableError as error:
            left_out.append(Problem(id=recording.id, split=split, reason=str(error)))
            continue
        start = audio.tell() // samples.itemsize
        text = " ".join(recording.text.split())
        usable.append(Utterance(recording.id, recording.speaker, split, text, start, len(samples)))
        audio.write(samples.tobytes())
        digest.update(f"{recording.id}\n{text}\n{len(samples)}\n".encode() + samples.tobytes())
    if not usable:
        reasons = f": {left_out[0]['id']}: {left_out[0]['reason']}, and so on" if left_out else ""
        raise UserError(f"split {split} of corpus {corpus.name} has no usable utterance{reasons}")
    return usable, left_out


def _usable_samples(recording: Recording, corpus: CorpusConfig, longest: float) -> np.ndarray:
    """Decoded audio of a recording that has a transcript and a length in bounds."""
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


def _write_lines(path: Path, values: Iterable[object]) -> None:
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")
