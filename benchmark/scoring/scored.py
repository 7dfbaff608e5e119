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
    return Scored(counts, placed_errors(edit_strings(references, hypotheses)))


def edit_strings(references: Transcripts, hypotheses: Transcripts) -> list[str]:
    """SCTK's alignment of every utterance, in the order of the references."""
    return [align(words(text), words(hypotheses[utterance])) for utterance, text in references.items()]
