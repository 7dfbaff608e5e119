"""The form of a measurement of speed: a row a model, precision and name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from benchmark.runs.records import Provenance
from benchmark.system.validated import AtLeastOne, Count, NotNegative, Positive
from benchmark.throughput.bench import Precision

TRANSCRIBE = "transcribe"
Quartiles = Annotated[list[Positive], Field(min_length=3, max_length=3)]  # lower quartile, median, upper quartile


class Figures(TypedDict):
    """What was measured of one name."""

    steps: AtLeastOne
    speech_per_second: Quartiles  # seconds of speech a second, padding not counted, over the steps
    work_per_second: NotNegative  # units of a study's budget
    time_of_plain: Quartiles | None  # time for a second of speech over the plain step's, over the turns
    peak_bytes: Count | None  # of GPU memory, this name's alone


class Row(TypedDict):
    """One line of the table; without figures where `reason` says why."""

    model: str
    parameters: Count
    name: str  # a method, `FROM_AUDIO`, `COMPILED`, a variant of the Trainer, or `transcribe`
    precision: Precision
    reason: str | None
    figures: Figures | None


class Throughput(TypedDict):
    """What a call of `throughput` leaves."""

    device: str  # kind: cuda or cpu
    batch_seconds: Positive
    speech: str  # where it is from
    utterances: Count
    mean_seconds: Positive  # of an utterance
    rows: list[Row]
    provenance: Provenance
