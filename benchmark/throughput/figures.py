"""Types of a speed measurement: one row per model, precision and name."""

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
    """The measured figures of one name."""

    steps: AtLeastOne
    speech_per_second: Quartiles  # seconds of speech per second without padding, over the steps
    work_per_second: NotNegative  # units of a study's budget
    time_of_plain: Quartiles | None  # time per second of speech, divided by the plain step's, over the turns
    peak_bytes: Count | None  # of GPU memory, for this name only


class Row(TypedDict):
    """One row of the table. If it has no figures, `reason` says why."""

    model: str
    parameters: Count
    name: str  # a method, `FROM_AUDIO`, `COMPILED`, a variant of the Trainer, or `transcribe`
    precision: Precision
    reason: str | None
    figures: Figures | None


class Throughput(TypedDict):
    """The file that a call of `throughput` writes."""

    device: str  # type of device: cuda or cpu
    batch_seconds: Positive
    speech: str  # source of the speech
    utterances: Count
    mean_seconds: Positive  # per utterance
    rows: list[Row]
    provenance: Provenance
