"""Word error rate: errors summed over the corpus, divided by its words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import jiwer

from benchmark.scoring.trn import Transcripts, require_same_utterances
from benchmark.system.errors import UserError


@dataclass(frozen=True)
class WordErrors:
    """Counts of a minimal alignment (unit costs), of one utterance or of many."""

    utterances: int
    words: int  # of the reference
    substitutions: int
    deletions: int
    insertions: int

    @property
    def errors(self) -> int:
        """All three kinds."""
        return self.substitutions + self.deletions + self.insertions

    @property
    def wer(self) -> float:
        """Errors over words, 0..1 and above."""
        return self.errors / self.words


def words(text: str) -> list[str]:
    """The words that are compared: case folded, as in SCTK."""
    return text.lower().split()


def word_errors(references: Transcripts, hypotheses: Transcripts, name: str = "the hypothesis") -> WordErrors:
    """Count word errors over a corpus; `name` stands for the hypotheses in messages.

    Raises:
        UserError: the utterances differ, or the reference holds no word.
    """
    return total(utterance_errors(references, hypotheses, name))


def utterance_errors(references: Transcripts, hypotheses: Transcripts, name: str) -> list[WordErrors]:
    """Counts of each utterance, in the reference's order, from jiwer's alignments.

    An empty hypothesis counts as deletions only, an empty reference as insertions only.

    Raises:
        UserError: the utterances differ, or the reference holds no word.
    """
    require_same_utterances(references, hypotheses, name)
    reference_words = [words(text) for text in references.values()]
    if not any(reference_words):
        raise UserError("the reference holds no word, so there is no word error rate")
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
