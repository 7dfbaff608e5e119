"""A prepared corpus on disk: `manifest.jsonl` says who says what where in `audio.i16`. Reading needs no torch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypedDict

import numpy as np

from benchmark.errors import UserError
from benchmark.files import read_json

SAMPLE_RATE = 16_000
MANIFEST = "manifest.jsonl"
AUDIO = "audio.i16"  # all decoded audio: int16, little endian, 16 kHz mono, one utterance after the other
PROBLEMS = "problems.jsonl"
SUMMARY = "data.json"


@dataclass(frozen=True)
class Utterance:
    """One utterance. `start` and `samples` say where its audio lies, in samples."""

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
    """What `data.json` says of a split."""

    utterances: int
    words: int
    seconds: float
    speakers: int
    left_out: int


class Summary(TypedDict):
    """`data.json`."""

    hash: str  # over ids, texts and audio of all utterances
    splits: dict[str, SplitSummary]


class Dataset:
    """A prepared corpus. Audio is memory-mapped: opening is cheap, and processes share the pages."""

    def __init__(self, folder: Path, summary: Summary, utterances: dict[str, list[Utterance]]) -> None:
        """Use `Dataset.open`."""
        self.folder = folder
        self.summary = summary
        self.utterances = utterances

    @classmethod
    def open(cls, folder: Path) -> Dataset:
        """Open what `prepare` wrote.

        Raises:
            UserError: there is no prepared corpus in `folder`, or it is not the whole of it.
        """
        if not (folder / SUMMARY).exists():
            raise UserError(f"no prepared corpus in {folder}: run `python -m benchmark prepare CONFIG` first")
        utterances: dict[str, list[Utterance]] = {}
        samples = 0
        for utterance in _read_manifest(folder / MANIFEST):
            utterances.setdefault(utterance.split, []).append(utterance)
            samples = max(samples, utterance.start + utterance.samples)
        if not (folder / AUDIO).exists() or (folder / AUDIO).stat().st_size != 2 * samples:
            raise UserError(f"{folder / AUDIO} does not fit its manifest: delete {folder} and prepare the corpus again")
        return cls(folder, read_json(folder / SUMMARY), utterances)

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
    try:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                yield Utterance(**json.loads(line))
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"{path} cannot be read ({error}): delete {path.parent} and prepare again") from None
