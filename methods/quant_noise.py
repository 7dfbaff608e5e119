"""Quant-Noise: train with a random part of the weights quantised in every forward pass, then quantise all of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

from transformers import PreTrainedModel

from benchmark.models.forms.int4 import Int4Linear, rounded_to_int4
from benchmark.toolbox.contract import Method
from benchmark.toolbox.fine_tuning import FineTuning, fine_tune
from benchmark.toolbox.job import Job
from benchmark.toolbox.quantisation import fake_quantize, quantise
from benchmark.toolbox.quantisation_noise import Noise, quantisation_noise, rounding_noise, undivided, zeroing_noise
from benchmark.toolbox.references import Reference

ROUNDED = {"int4": rounded_to_int4, "int8": fake_quantize}
RATES = {"rounding": 0.5, "zeroing": 0.1}  # p of single weights, and of blocks, for which the paper has 0.05 to 0.2


class QuantNoise(Method):
    """Train with a random share of the weights rounded in every forward, then round the encoder's matrices to integers.

    With `noise: rounding` each weight takes its rounded value with probability `rate`; with a rate of 1 this is
    quantisation-aware training. With `noise: zeroing` each block of inputs is zero with that probability, and the
    others are scaled up: the proxy of product quantisation, which `ipq` uses too. No parameter is removed.

    Departures: the scales are those of the current weights, one per output, not one per tensor that is estimated anew
    every 1,000 steps; integers are symmetric, without a zero point; inputs are not rounded. The release chooses the
    scale of int4 for 256 levels and then keeps 16 of them, so that most weights end at one value; here it is for 16.
    """

    title = "Quant-Noise"
    family = "quantised"
    references = (
        Reference("Fan et al.", 2021, "ICLR", arxiv="2004.07320", note="release facebookresearch/fairseq; adaptation"),
    )
    takes_target = False
    tunable = ("noise", "rounding", "zeroing")

    @dataclass(frozen=True)
    class Settings(FineTuning):
        """`integers`: what is stored. `rate`: p, 0.5 for rounding, 0.1 for zeroing. `block`: inputs zeroed at once."""

        fine_tune: bool = True
        integers: Literal["int4", "int8"] = "int4"
        noise: Literal["rounding", "zeroing"] = "rounding"
        rate: float | None = None
        block: int = 8

    settings: Settings

    @property
    def rate(self) -> float:
        """The probability p that a weight, or a block, is quantised."""
        return RATES[self.settings.noise] if self.settings.rate is None else self.settings.rate

    @property
    def noise(self) -> Noise:
        """What happens to a weight in a forward pass."""
        if self.settings.noise == "rounding":
            return partial(rounding_noise, rounded=ROUNDED[self.settings.integers], rate=self.rate)
        return partial(zeroing_noise, block=self.settings.block, rate=self.rate)

    def skip(self, job: Job) -> str | None:
        zeroing = self.settings.noise == "zeroing"
        if not 0 <= self.rate <= 1 or (zeroing and self.rate == 1):
            return f"`rate` is {self.rate:g}: it is a probability, and below 1 if blocks are zeroed"
        reasons = [undivided(matrix, self.settings.block) for matrix in job.encoder] if zeroing else []
        return next(filter(None, reasons), None)

    def compress(self, job: Job) -> PreTrainedModel:
        with quantisation_noise(job.encoder, self.noise):
            fine_tune(job, self.settings)
        if self.settings.integers == "int8":
            quantise(job.model, "weight_only")
        else:
            for matrix in job.encoder:
                job.encoder.put(matrix, Int4Linear.of(matrix.linear))
        return job.model
