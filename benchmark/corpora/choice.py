"""The `corpus` section of a study file: a corpus, its splits, and where it lies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from benchmark.system.typed_yaml import KEYS, Above0, Distinct, Named

SplitName = Annotated[
    str,
    Named(
        "[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
        "the name of a corpus or split: at most 64 letters, digits, '.', '_' and '-', beginning with a letter or digit",
    ),
]


@dataclass(frozen=True, config=KEYS)
class CorpusConfig:
    """Which speech."""

    name: SplitName
    """`mini`, `an4` or `librispeech`"""
    train: SplitName
    """split to train on"""
    dev: SplitName
    """split that chooses settings"""
    tests: Annotated[tuple[SplitName, ...], Distinct(), Field(min_length=1)]
    """splits to test on, all different from `train` and `dev`"""
    score_dev: bool = False
    """allow `dev` among `tests`: its column is not a test, since `dev` chooses the settings"""
    root: Path | None = None
    """folder, relative to the project; without it the corpus is downloaded, if that is possible"""
    max_seconds: Above0 = 20.0
    """longer utterances are left out of `train`; the other splits stay complete, as others score them"""
    download: bool = False
    """LibriSpeech: download missing splits"""
    resample: bool = False
    """convert audio that is not 16 kHz mono instead of refusing it"""
    limit: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None
    """the most utterances per split, for trying things out"""
    dev_share: Annotated[Above0, Field(lt=1)] | None = None
    """LibriSpeech: make `dev` of this share of the speakers of `train`, which are then not trained on"""
    partial: bool | Literal["train"] = False
    """accept an incomplete split of LibriSpeech, and a test or development set without its unusable utterances; \
`train`: only an incomplete training split"""
