"""Which speech a study takes: a corpus, its splits, and where it lies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class CorpusConfig:
    """Which speech; `root` None downloads it, where the corpus can. `limit`: utterances a split, for smoke tests.
    `partial`: do with what is there of an official split, and of a test or development set.

    Longer utterances than `max_seconds` are left out of `train`; the other splits are whole, as others score them.
    """

    name: str
    train: str
    dev: str
    tests: tuple[str, ...]
    root: Path | None = None
    max_seconds: float = 20.0
    download: bool = False
    resample: bool = False
    limit: int | None = None
    partial: bool = False
