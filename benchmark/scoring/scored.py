"""A system's transcripts of a test set, scored once for all that is computed of them."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.scoring.alignment import align
from benchmark.scoring.segments import PlacedErrors, placed_errors
from benchmark.scoring.trn import Transcripts
from benchmark.scoring.wer import WordErrors, utterance_errors, words


@dataclass(frozen=True)
class Scored:
    """A system's errors: `counts` by utterance, for WER, and `placed` by reference word, for MAPSSWE."""

    counts: list[WordErrors]
    placed: PlacedErrors


def scored(references: Transcripts, hypotheses: Transcripts, name: str) -> Scored:
    """Score a system, whose hypotheses messages call `name`.

    Raises:
        UserError: the utterances differ, or the reference has no words.
    """
    counts = utterance_errors(references, hypotheses, name)
    paths = (align(words(text), words(hypotheses[utterance])) for utterance, text in references.items())
    return Scored(counts, placed_errors(paths))
