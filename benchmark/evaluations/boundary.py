"""Bits over the cuts of a pipeline in training, and the WER with and without compression there when the model is used.

Rudakov et al., 2023, arXiv 2401.07788.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean
from typing import ClassVar

from benchmark.evaluations.contract import Column, Evaluation, FinishedRun
from benchmark.scoring.significance import compare

INTRODUCTION = """\
These rows were trained with cuts between the stages of a pipeline (docs/pipeline.md). Hidden states cross a cut forward
and their gradients backward, both in a lossy code. The model itself is whole. What counts is how few bits cross a cut,
against the WER.

Each model is used in two ways: with the activations compressed at its cuts, and without cuts. The WER without cuts is
that of the main table, where `dense_finetuned` is the same training without cuts. Compression at inference has no
feedback.

In the figure, each row's line leads from the WER with compression to the WER without, where floats cross a cut."""

FRAME = "mean bits that a frame took over a cut"


class Boundary(Evaluation):
    """Bits over a cut against WER, for runs of a method whose settings are `CutSettings`; nothing for other runs."""

    runs_models = True
    section = "Compression between the stages of a pipeline"
    introduction = INTRODUCTION
    columns: ClassVar = {
        "cuts": Column("cuts", "Cuts: how many there are", digits=0),
        "activation_bits": Column("activations (bits)", f"Activations: {FRAME} forward, in training", digits=0),
        "gradient_bits": Column("gradients (bits)", f"Gradients: {FRAME} backward, in training", digits=0),
        "inference_bits": Column("inference (bits)", f"Inference: {FRAME} when the model is used compressed", digits=0),
        "compressed_wer": Column("compressed WER %", "Compressed WER: with the compressed activations", factor=100),
        "plain_wer": Column("plain WER %", "Plain WER: of the same model without cuts", factor=100),
        "p": Column("p", "p: of the difference between these two WERs, by MAPSSWE, not corrected", digits=3),
    }
    axes = ("bits per frame over a cut when the model is used", "WER (%)")

    def points(self, metrics: Mapping[str, float]) -> list[tuple[float, float]]:
        """With compression at inference, and without."""
        return [
            (metrics["inference_bits"], 100 * metrics["compressed_wer"]),
            (metrics["float_bits"], 100 * metrics["plain_wer"]),
        ]

    def measure(self, run: FinishedRun, split: str) -> dict[str, float]:
        """The numbers of the columns, and `float_bits`, of a frame in floats; no `p` where no test is possible.

        Raises:
            UserError: the run's model is missing, or the device's memory is too small.
        """
        from benchmark.toolbox.lossy_codes import Uncompressed
        from benchmark.toolbox.pipeline_cuts import Cuts, CutSettings

        settings = CutSettings.among(run.settings)
        if settings is None:
            return {}
        model = run.model.model
        cuts = Cuts(model, settings.without_feedback())
        with cuts.crossed():
            compressed = run.transcribe(run.model, split)
        found = compare(run.references[split], compressed, run.hypotheses[split])
        return {
            "cuts": len(cuts.cuts),
            "activation_bits": _mean(run.log, "activation_bits"),
            "gradient_bits": _mean(run.log, "gradient_bits"),
            "inference_bits": _mean(cuts.bits_per_frame(), "activation_bits"),
            "float_bits": Uncompressed().bits((1, 1, model.config.hidden_size)),
            "compressed_wer": found.errors_a.wer,
            "plain_wer": found.errors_b.wer,
        } | ({"p": found.test.p} if found.test.degenerate is None else {})


def _mean(numbers: Mapping[str, float], what: str) -> float:
    """The mean over the cuts."""
    return fmean(number for name, number in numbers.items() if name.startswith("cut") and name.endswith(what))
