"""No regression: on how many utterances compression cost nothing."""

from __future__ import annotations

from typing import ClassVar

from benchmark.evaluations.contract import Column, Evaluation, FinishedRun
from benchmark.scoring.wer import utterance_errors


class NoRegression(Evaluation):
    """Share of the utterances on which a run makes no more word errors than the dense model.

    A mean such as the WER hides utterances that became unusable behind others that got better.
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
            UserError: the dense run is not transcribed, or transcripts are of other utterances than the references.
        """
        spoken = run.references[split]
        pairs = zip(
            utterance_errors(spoken, run.hypotheses[split], "the run"),
            utterance_errors(spoken, run.dense(split), "the dense run"),
            strict=True,
        )
        kept = [own.errors <= dense.errors for own, dense in pairs]
        return {"share": sum(kept) / len(kept)}
