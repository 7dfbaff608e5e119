"""Normalisation of transcripts before their words are compared, on both sides alike. Does not import torch."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Literal

from benchmark.scoring.trn import Transcripts

NormalizerName = Literal["none", "whisper-english"]


@cache
def normalizer(name: NormalizerName) -> Callable[[str], str]:
    """The normaliser of this name.

    `none` leaves a text as it is. `whisper-english` is the one of Whisper's authors (Radford et al., ICML 2023,
    appendix C), with which Whisper's word error rates are published: it removes punctuation and hesitations, and
    writes numbers, contractions and British spellings in one form.
    """
    if name == "none":
        return lambda text: text
    from whisper_normalizer.english import EnglishTextNormalizer

    whisper = EnglishTextNormalizer()
    return lambda text: " ".join(whisper(text).split())


def normalised(transcripts: Transcripts, name: NormalizerName) -> dict[str, str]:
    """Transcripts by utterance id, each normalised."""
    normalise = normalizer(name)
    return {id: normalise(text) for id, text in transcripts.items()}
