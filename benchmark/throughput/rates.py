"""The measured speeds of one model at one precision, in the form that a cost plan needs."""

from __future__ import annotations

from benchmark.study.plan import Study
from benchmark.system.errors import UserError
from benchmark.throughput.figures import TRANSCRIBE, Figures, Throughput
from benchmark.training.allowance import BudgetConfig

SHAPES = {  # from a study's `dense.model` to the measured model of the same shape
    "data/mini/model": "embedded",
    "data/an4/model": "embedded",
    "facebook/wav2vec2-base": "wav2vec2-base",
    "facebook/wav2vec2-base-100h": "wav2vec2-base",
    "facebook/wav2vec2-base-960h": "wav2vec2-base",
    "facebook/hubert-large-ll60k": "hubert-large",
    "facebook/hubert-large-ls960-ft": "hubert-large",
    "microsoft/wavlm-base": "wavlm-base",
    "microsoft/wavlm-base-plus": "wavlm-base",
    "facebook/data2vec-audio-base": "data2vec-audio-base",
    "facebook/data2vec-audio-base-100h": "data2vec-audio-base",
    "facebook/data2vec-audio-base-960h": "data2vec-audio-base",
}
AS_LARGE = {  # from a model to one with the same layers, whose speed is a guess at its own until it is measured
    "wavlm-base": "wav2vec2-base",
    "data2vec-audio-base": "wav2vec2-base",
}


class Rates:
    """Measured speeds, by name of a row.

    Attributes:
        model: the measured model.
        precision: the precision at which it was measured.
        stands_for: the model that the speeds are used for, if that one was not measured.
    """

    def __init__(self, measured: Throughput, model: str, precision: str) -> None:
        """Raises `UserError` if neither the model nor one as large was measured at this precision."""
        there = {(row["model"], row["precision"]) for row in measured["rows"]}
        self.model, self.precision = model, precision
        self.stands_for: str | None = None
        if (model, precision) not in there and model in AS_LARGE:
            self.model, self.stands_for = AS_LARGE[model], model
        if (self.model, precision) not in there:
            known = ", ".join(sorted(f"{name} at {at}" for name, at in there)) or "none"
            raise UserError(f"{model} at {precision} was not measured; there are: {known}")
        self._figures: dict[str, Figures | None] = {
            row["name"]: row["figures"]
            for row in measured["rows"]
            if (row["model"], row["precision"]) == (self.model, precision)
        }

    @classmethod
    def for_study(cls, measured: Throughput, study: Study, model: str | None = None) -> Rates:
        """Speeds of a study's dense model, or of `model`, at the study's precision on the measured device.

        Raises:
            UserError: no measured model is known to have the same shape, or neither it nor one as large was measured
                at that precision.
        """
        model = model or SHAPES.get(study.dense.model)
        if model is None:
            raise UserError(
                f"no measured model is known to have the shape of {study.dense.model}: name one with --model"
            )
        asked = study.training.precision
        return cls(measured, model, _automatic(measured) if asked == "auto" else asked)

    def transcribing(self, speech: float) -> float:
        """Seconds that the transcription of `speech` seconds of speech takes.

        Raises:
            UserError: transcription was not measured.
        """
        found = self._figures.get(TRANSCRIBE)
        if found is None:
            raise UserError("the speed of transcription was not measured: run `python -m benchmark throughput` again")
        return speech / found["speech_per_second"][1]

    def training(self, method: str, budget: BudgetConfig) -> float | None:
        """Seconds that a method takes to use up a budget; None if that depends on a speed that was not measured."""
        if budget.kind == "device_seconds":
            return budget.limit
        found = self._figures.get(method)
        work = found["work_per_second"] if found else 0  # 0: it does not train
        return budget.limit / work if work else None


def _automatic(measured: Throughput) -> str:
    """What `auto` means on the measured device: a CPU measured at one precision has chosen it."""
    there = {row["precision"] for row in measured["rows"]}
    if measured["device"] == "cuda":
        return "bf16"
    return there.pop() if len(there) == 1 else "fp32"
