"""The utterances with a run's most word errors, aligned word under word."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.scoring.alignment import align
from benchmark.scoring.trn import Transcripts
from benchmark.scoring.wer import utterance_errors, words

WORST = 10  # utterances shown per test set


@dataclass(frozen=True)
class Pair:
    """One position of an alignment; a missing word is empty."""

    edit: str  # C correct, S substitution, D deletion, I insertion
    reference: str
    hypothesis: str


@dataclass(frozen=True)
class Utterance:
    """A reference and a hypothesis, aligned as sclite does."""

    name: str
    words: int  # of the reference
    pairs: tuple[Pair, ...]

    @property
    def errors(self) -> int:
        """Number of positions that are not correct."""
        return sum(pair.edit != "C" for pair in self.pairs)


def worst_utterances(references: Transcripts, hypotheses: Transcripts, run: str) -> list[Utterance]:
    """Utterances with the most word errors, most first; ties keep the reference's order. Correct ones are left out.

    Raises:
        UserError: the utterances differ (see `utterance_errors`); the message names the hypotheses by `run`.
    """
    counts = zip(references, utterance_errors(references, hypotheses, run), strict=True)
    wrong = sorted((found for found in counts if found[1].errors), key=lambda found: -found[1].errors)
    return [aligned(name, references[name], hypotheses[name]) for name, _ in wrong[:WORST]]


def aligned(name: str, reference: str, hypothesis: str) -> Utterance:
    """Align one utterance; case is ignored for comparing and kept for showing."""
    spoken, heard = iter(reference.split()), iter(hypothesis.split())
    pairs = [
        Pair(edit, "" if edit == "I" else next(spoken), "" if edit == "D" else next(heard))
        for edit in align(words(reference), words(hypothesis))
    ]
    return Utterance(name, len(words(reference)), tuple(pairs))
