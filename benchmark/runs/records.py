"""The records of a study: the form of every JSON file that a step leaves, and how each is read."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, NotRequired

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from benchmark.system.stamps import Stamps
from benchmark.system.validated import AtLeastOne, Count, Finite, NotNegative, Positive, Seed
from benchmark.toolbox.drawn import Drawn
from benchmark.toolbox.families import Family

SCHEMA = 1
WIDEST_FIRST = ("avx512f", "avx2", "avx", "sse2")  # vector instructions, as Linux names them
Status = Literal["ok", "failed", "over_budget"]


def _encodable(text: str) -> str:
    text.encode()  # JSON can hold half of a surrogate pair, which no file can
    return text


def _moment(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("should have a time zone")
    return text


Text = Annotated[str, AfterValidator(_encodable)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]  # becomes a file's name
Hash = Annotated[str, Field(pattern=r"^[0-9a-zA-Z]+$", max_length=64)]
Target = Annotated[float, Field(gt=0, lt=1)]


class Spending(TypedDict, closed=True):
    """The budget of a run and what it used of it."""

    kind: Literal["work", "device_seconds"]
    limit: Positive  # in work units (dense forward of one audio second = 1) or in seconds
    spent: NotNegative


class Footprint(TypedDict, closed=True):
    """Sizes of a model, counted in one place for all families (benchmark/runs/footprint.py)."""

    total_parameters: AtLeastOne  # of the dense model that the run started from
    remaining_parameters: AtLeastOne  # non-zero or materialised, a shared tensor once, whole model
    encoder_matrix_parameters: AtLeastOne  # six matrices of each layer, of the dense model
    encoder_sparsity: Annotated[Finite, Field(le=1)]  # share of these removed, the paper's measure; negative if added
    compression_ratio: Positive  # total_parameters / remaining_parameters
    bytes_on_disk: Count  # of the exported artefact, really written
    macs_per_second: NotNegative  # multiply-accumulates for one second of audio


class MatrixSparsity(TypedDict, closed=True):
    """What is left of one encoder matrix."""

    layer: Count
    matrix: Literal["q", "k", "v", "out", "ffn_in", "ffn_out"]
    parameters: AtLeastOne  # in the dense model
    remaining: Count


class Score(TypedDict, closed=True):
    """Result on one test set."""

    utterances: AtLeastOne
    words: AtLeastOne
    errors: Count
    substitutions: Count
    deletions: Count
    insertions: Count
    wer: NotNegative  # errors / words, 0..1 and above
    real_time_factor: NotNegative  # transcription seconds / audio seconds
    seconds: NotNegative  # transcription wall-clock


class Speedup(TypedDict, closed=True):
    """The dense model's transcription time over the compressed model's, taken in turn in several rounds."""

    median: Positive
    low: Positive
    high: Positive


class Provenance(TypedDict, closed=True):
    """Where a record comes from."""

    git_commit: Text  # "unknown" outside a repository; "+dirty" appended with uncommitted changes
    packages: dict[Text, Text]
    python: Text
    device: Text
    cpu: Text
    cores: AtLeastOne
    started: Annotated[str, AfterValidator(_moment)]  # ISO 8601, UTC


class RunRecord(TypedDict, closed=True):
    """One run. Written as `run.json`; collected in `results/<study>/runs.csv`."""

    schema: int
    study: Name
    run: Name  # unique in the study: label, target, seed
    identity: Hash  # of all that determines the result: code, settings, target, seed, budget, data, dense
    label: Name  # row name in the tables; the method's name unless the study says otherwise
    method: Text
    title: Annotated[Text, Field(pattern=r"^[^\x00-\x1f]+$", max_length=200)]
    family: Family
    stages: NotRequired[AtLeastOne]  # of training, as a reader of the method's paper counts them; absent for one
    drawn: NotRequired[Drawn]  # what the method offers for figures of its own; absent where it offers nothing
    target_sparsity: Target | None
    seed: Seed
    settings: dict[Text, object]
    status: Status
    reason: Text | None
    budget: Spending
    compression_seconds: NotNegative  # wall-clock of compress(), loading, exporting and evaluation excluded
    phases: dict[Name, NotNegative]  # the same, by phase: train, calibration, other
    footprint: NotRequired[Footprint]  # absent when status is failed
    matrices: NotRequired[list[MatrixSparsity]]  # likewise
    scores: NotRequired[dict[Name, Score]]  # by test set; absent unless status is ok
    speedup: NotRequired[Speedup]  # likewise
    metrics: NotRequired[dict[Name, dict[Name, dict[Name, Finite]]]]  # by evaluation and test set, if the study has any
    notes: list[Text]  # what a reader must know, e.g. by how much thresholds were scaled at the end
    log: dict[Text, Finite]  # last value of every scalar that the method logged
    partial_corpus: NotRequired[bool]  # the study allows, or takes, a part of an official split
    data_hash: Hash
    dense_hash: Hash
    provenance: Provenance


class TimedSet(TypedDict, closed=True):
    """How long one test set took to transcribe."""

    seconds: NotNegative
    real_time_factor: NotNegative


class Transcription(TypedDict, closed=True):
    """`transcribe.json`: the times of a run's test sets; nothing where there is no model to transcribe with."""

    sets: NotRequired[dict[Name, TimedSet]]
    speedup: NotRequired[Speedup]


class Dense(TypedDict, closed=True):
    """`dense.json`: the model that every run of a study starts from."""

    identity: Hash  # of all that it is made from
    hash: Hash  # of its weights
    source: Text
    revision: Text | None
    dev_wer: NotNegative
    files: Stamps  # of the model


class Trial(TypedDict, closed=True):
    """One trial of a search."""

    settings: dict[Text, object]
    dev_wer: NotNegative | None  # None where it failed
    reason: Text | None  # why it failed


class Tuning(TypedDict, closed=True):
    """A search: `tuning/<label>-<target>.json`."""

    identity: Hash  # of all that determines its trials
    trials: list[Trial]
    chosen: dict[Text, object]  # settings; empty: the method's defaults
