"""Word error rate: the errors of a whole corpus, divided by its words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import jiwer

from benchmark.scoring.trn import Transcripts, require_same_utterances
from benchmark.system.errors import UserError


@dataclass(frozen=True)
class WordErrors:
    """Counts of a minimal alignment (unit costs), for one utterance or for many."""

    utterances: int
    words: int  # in the reference
    substitutions: int
    deletions: int
    insertions: int

    @property
    def errors(self) -> int:
        """Substitutions, deletions and insertions together."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def wer(self) -> float:
        """Errors divided by words. It can exceed 1."""
        return self.errors / self.words


def words(text: str) -> list[str]:
    """The words that are compared, in lower case, as in SCTK."""
    return text.lower().split()


def word_errors(references: Transcripts, hypotheses: Transcripts, name: str = "the hypothesis") -> WordErrors:
    """Count word errors over a corpus; messages call the hypotheses `name`.

    Raises:
        UserError: the utterances differ, or the reference has no words.
    """
    return total(utterance_errors(references, hypotheses, name))


def utterance_errors(references: Transcripts, hypotheses: Transcripts, name: str) -> list[WordErrors]:
    """Counts of each utterance, in the reference's order, from jiwer's alignments.

    An empty hypothesis gives only deletions, and an empty reference only insertions.

    Raises:
        UserError: the utterances differ, or the reference has no words.
    """
    require_same_utterances(references, hypotheses, name)
    reference_words = [words(text) for text in references.values()]
    if not any(reference_words):
        raise UserError("the reference contains no words, so there is no word error rate")
    output = jiwer.process_words(
        [" ".join(sentence) for sentence in reference_words],
        [" ".join(words(hypotheses[utterance])) for utterance in references],
    )
    return [_counts(len(s), chunks) for s, chunks in zip(reference_words, output.alignments, strict=True)]


def _counts(length: int, chunks: Sequence[jiwer.AlignmentChunk]) -> WordErrors:
    found = {"equal": 0, "substitute": 0, "delete": 0, "insert": 0}
    for chunk in chunks:
        found[chunk.type] += max(chunk.ref_end_idx - chunk.ref_start_idx, chunk.hyp_end_idx - chunk.hyp_start_idx)
    return WordErrors(1, length, found["substitute"], found["delete"], found["insert"])


def total(counts: Collection[WordErrors]) -> WordErrors:
    """The sum of counts."""
    return WordErrors(
        utterances=sum(c.utterances for c in counts),
        words=sum(c.words for c in counts),
        substitutions=sum(c.substitutions for c in counts),
        deletions=sum(c.deletions for c in counts),
        insertions=sum(c.insertions for c in counts),
    )


def no_regression(own: Sequence[WordErrors], before: Sequence[WordErrors]) -> float:
    """The share of utterances with no more word errors than `before`; both count the same utterances in one order."""
    kept = [after.errors <= was.errors for after, was in zip(own, before, strict=True)]
    return sum(kept) / len(kept)
