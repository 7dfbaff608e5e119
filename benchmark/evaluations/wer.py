"""Word error rate and its counts. Every record has them for every test set, as `scores`."""

from __future__ import annotations

from benchmark.evaluations.contract import Evaluation, FinishedRun
from benchmark.scoring.wer import word_errors


class WordErrorRate(Evaluation):
    """Word errors of a minimal alignment, summed over a split."""

    def measure(self, run: FinishedRun, split: str) -> dict[str, float]:
        """`utterances`, `words`, the three kinds of errors, their sum `errors`, and `wer`, errors per word.

        Raises:
            UserError: transcripts and references are not of the same utterances.
        """
        counts = word_errors(run.references[split], run.hypotheses[split])
        return {
            "utterances": counts.utterances,
            "words": counts.words,
            "errors": counts.errors,
            "substitutions": counts.substitutions,
            "deletions": counts.deletions,
            "insertions": counts.insertions,
            "wer": counts.wer,
        }
