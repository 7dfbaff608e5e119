"""No regression: on how many utterances compression adds no word errors."""

from __future__ import annotations

from typing import ClassVar

from benchmark.evaluations.contract import Column, Evaluation, FinishedRun
from benchmark.scoring.wer import no_regression, utterance_errors


class NoRegression(Evaluation):
    """Share of utterances on which a run makes no more word errors than the dense model.

    In a mean such as the WER, utterances that improve can hide others that become unusable.
    """

    columns: ClassVar = {
        "share": Column(
            "no regression %",
            "No regression: share of the utterances with no more word errors than dense makes there",
            factor=100,
            digits=1,
        )
    }

    def measure(self, run: FinishedRun, split: str) -> dict[str, float]:
        """`share`, 0..1.

        Raises:
            UserError: the dense run is not transcribed, or transcripts and references are not of the same utterances.
        """
        spoken = run.references[split]
        own = utterance_errors(spoken, run.hypotheses[split], "the run")
        return {"share": no_regression(own, utterance_errors(spoken, run.dense(split), "the dense run"))}
