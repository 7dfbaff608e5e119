"""A prepared corpus on disk: `manifest.jsonl` lists the utterances in `audio.i16`. Reading needs no torch."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import NotRequired

import numpy as np
from typing_extensions import TypedDict

from benchmark.system.errors import UserError
from benchmark.system.files import write_json
from benchmark.system.stamps import Stamps, read_stamped, stamped
from benchmark.system.validated import AtLeastOne, Count, NotNegative, checked

SAMPLE_RATE = 16_000
MANIFEST = "manifest.jsonl"
AUDIO = "audio.i16"  # all decoded audio: int16, little endian, 16 kHz mono, utterances concatenated
PROBLEMS = "problems.jsonl"
SUMMARY = "data.json"


@dataclass(frozen=True)
class Utterance:
    """One utterance. `start` and `samples` give the position and length of its audio, in samples."""

    id: str
    speaker: str
    split: str
    text: str
    start: int
    samples: int

    @property
    def seconds(self) -> float:
        """Length of the audio."""
        return self.samples / SAMPLE_RATE


class Problem(TypedDict):
    """One line of `problems.jsonl`: an utterance that was left out."""

    id: str
    split: str
    reason: str


class SplitSummary(TypedDict):
    """The entry of a split in `data.json`."""

    utterances: Count
    words: Count
    seconds: NotNegative
    speakers: Count
    left_out: Count


class Summary(TypedDict):
    """Content of `data.json`."""

    hash: str  # over ids, texts and audio of all utterances
    splits: dict[str, SplitSummary]
    remarks: NotRequired[list[str]]  # on the audio, for every record; absent if there are none
    files: Stamps  # of manifest and audio


class _Line(TypedDict):
    """One line of `manifest.jsonl`, an Utterance."""

    id: str
    speaker: str
    split: str
    text: str
    start: Count
    samples: AtLeastOne


def write_manifest(
    folder: Path,
    utterances: Iterable[Utterance],
    problems: Iterable[Problem],
    hash: str,
    splits: dict[str, SplitSummary],
    remarks: Sequence[str] = (),
) -> None:
    """Write the manifest, the problems and finally the summary of the audio in `folder`, which must be complete."""
    _write_lines(folder / MANIFEST, map(asdict, utterances))
    _write_lines(folder / PROBLEMS, problems)
    summary = Summary(hash=hash, splits=splits, files=stamped(folder, (MANIFEST, AUDIO)))
    if remarks:
        summary["remarks"] = list(remarks)
    write_json(folder / SUMMARY, summary)


def _write_lines(path: Path, values: Iterable[object]) -> None:
    path.write_text("".join(json.dumps(value) + "\n" for value in values), encoding="utf-8")


class Dataset:
    """A prepared corpus. Audio is memory-mapped, so opening is cheap and processes share memory."""

    def __init__(self, folder: Path, summary: Summary, utterances: dict[str, list[Utterance]]) -> None:
        """Internal; call `Dataset.open` instead."""
        self.folder = folder
        self.summary = summary
        self.utterances = utterances

    @classmethod
    def open(cls, folder: Path) -> Dataset:
        """Open a corpus that `prepare` wrote.

        Raises:
            UserError: there is no prepared corpus in `folder`, or its files have changed since they were written.
        """
        if not (folder / SUMMARY).exists():
            raise UserError(f"no prepared corpus in {folder}: run `python -m benchmark prepare CONFIG` first")
        remedy = f"delete {folder} and prepare the corpus again"
        summary = read_stamped(folder / SUMMARY, Summary, (MANIFEST, AUDIO), remedy)
        utterances: dict[str, list[Utterance]] = {}
        for utterance in _read_manifest(folder / MANIFEST):
            utterances.setdefault(utterance.split, []).append(utterance)
        return cls(folder, summary, utterances)

    @property
    def remarks(self) -> list[str]:
        """What a reader of results has to know about the audio."""
        return self.summary.get("remarks", [])

    @property
    def hash(self) -> str:
        """SHA-256 over ids, texts and audio."""
        return self.summary["hash"]

    def split(self, name: str) -> list[Utterance]:
        """The utterances of a split, in the corpus's order.

        Raises:
            UserError: there is no such split.
        """
        if name not in self.utterances:
            raise UserError(f"no split {name!r} in {self.folder}; there are: {', '.join(self.utterances)}")
        return self.utterances[name]

    def audio(self, utterance: Utterance) -> np.ndarray:
        """Samples of an utterance, float32 (samples,), in [-1, 1)."""
        return self._samples[utterance.start : utterance.start + utterance.samples].astype(np.float32) / 32768

    @cached_property
    def _samples(self) -> np.ndarray:
        return np.memmap(self.folder / AUDIO, dtype="<i2", mode="r")


def _read_manifest(path: Path) -> Iterator[Utterance]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        where = f"{path}, line {number}"
        try:
            value = json.loads(line)
        except ValueError as error:
            raise UserError(f"{where}: not JSON ({error}): delete {path.parent} and prepare the corpus again") from None
        yield Utterance(**checked(value, _Line, where))
