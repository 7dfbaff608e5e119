"""The form of every JSON file that a step of a study writes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, NotRequired

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from benchmark.inference.measured_speed import SparseSpeed, Speedup
from benchmark.system.stamps import Stamps
from benchmark.system.validated import AtLeastOne, Count, Finite, NotNegative, Positive, Seed, Text, Title
from benchmark.toolbox.drawn import Drawn
from benchmark.toolbox.families import Family

SCHEMA = 1
Status = Literal["ok", "failed", "over_budget"]


def _moment(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError("should have a time zone")
    return text


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]  # becomes a file's name
Hash = Annotated[str, Field(pattern=r"^[0-9a-zA-Z]+$", max_length=64)]
Target = Annotated[float, Field(gt=0, lt=1)]


class Spending(TypedDict, closed=True):
    """The budget of a run, and how much of it was used."""

    kind: Literal["work", "device_seconds"]
    limit: Positive  # in work units (1 = the dense model's forward over one second of audio) or in seconds
    spent: NotNegative


class Footprint(TypedDict, closed=True):
    """Sizes of a model, counted in the same way for all families (benchmark/runs/footprint.py)."""

    total_parameters: AtLeastOne  # of the dense model that the run started from
    remaining_parameters: AtLeastOne  # non-zero or materialised, of the whole model; shared tensors count once
    encoder_matrix_parameters: AtLeastOne  # of the dense model: six per layer, ten per layer of a decoder
    encoder_sparsity: Annotated[Finite, Field(le=1)]  # share of these removed, the paper's measure; negative if added
    compression_ratio: Positive  # total_parameters / remaining_parameters
    bytes_on_disk: Count  # of the exported file
    macs_per_second: NotNegative  # multiply-accumulates per second of audio


class MatrixSparsity(TypedDict, closed=True):
    """The remaining weights of one encoder matrix."""

    layer: Count
    matrix: Literal["q", "k", "v", "out", "cross_q", "cross_k", "cross_v", "cross_out", "ffn_in", "ffn_out"]
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
    wer: NotNegative  # errors / words; can exceed 1
    real_time_factor: NotNegative  # transcription seconds / audio seconds
    seconds: NotNegative  # transcription wall-clock
    cut: NotRequired[AtLeastOne]  # transcripts that decoding stopped at its limit of tokens; absent if there are none


class Provenance(TypedDict, closed=True):
    """The code, software, machine and time of a record."""

    git_commit: Text  # "unknown" outside a repository; "+dirty" appended if there are uncommitted changes
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
    identity: Hash  # of everything that determines the result: code, settings, target, seed, budget, data, dense
    label: Name  # row name in the tables; the method's name unless the study says otherwise
    method: Text
    title: Title
    family: Family
    stages: NotRequired[AtLeastOne]  # of training, as counted in the method's paper; absent if there is only one
    drawn: NotRequired[Drawn]  # quantities that the method offers for its own figures; absent if there are none
    target_sparsity: Target | None
    seed: Seed
    settings: dict[Text, object]
    status: Status
    reason: Text | None
    budget: Spending
    compression_seconds: NotNegative  # wall-clock of compress(), without loading, exporting and evaluation
    phases: dict[Name, NotNegative]  # the same, by phase: train, labels, a loop's own name, other
    footprint: NotRequired[Footprint]  # absent unless status is ok
    matrices: NotRequired[list[MatrixSparsity]]  # likewise
    scores: NotRequired[dict[Name, Score]]  # by test set; absent unless status is ok
    normalizer: NotRequired[Literal["whisper-english"]]  # of the scored texts; absent if they are as they were written
    speedup: NotRequired[Speedup]  # likewise; without sparse matrices
    sparse: NotRequired[SparseSpeed]  # with them; absent also in older records
    metrics: NotRequired[dict[Name, dict[Name, dict[Name, Finite]]]]  # by evaluation and test set, if the study has any
    notes: list[Text]  # facts that a reader must know, e.g. by how much thresholds were scaled at the end
    precision: NotRequired[Literal["fp32", "bf16"]]  # of its training; absent in a run that did not train, or is older
    orthography: NotRequired[Literal["model"]]  # of its labels; absent if it is the corpus's, or nothing was trained
    log: dict[Text, Finite]  # last value of every scalar that the method logged
    corpus_remarks: NotRequired[list[Text]]  # on the audio, such as lossy compression; absent if there are none
    partial_corpus: NotRequired[bool]  # whether the study allows, or selects, only a part of an official split
    data_hash: Hash
    dense_hash: Hash
    provenance: Provenance


class TimedSet(TypedDict, closed=True):
    """Transcription time of one test set."""

    seconds: NotNegative
    real_time_factor: NotNegative
    cut: NotRequired[AtLeastOne]  # as in `Score`


class Transcription(TypedDict, closed=True):
    """`transcribe.json`: the times of a run's test sets; empty for a run without a model."""

    sets: NotRequired[dict[Name, TimedSet]]
    speedup: NotRequired[Speedup]
    sparse: NotRequired[SparseSpeed]


class Dense(TypedDict, closed=True):
    """`dense.json`: the model that every run of a study starts from."""

    identity: Hash  # of all inputs
    hash: Hash  # of its weights
    source: Text
    revision: Text | None
    dev_wer: NotNegative
    files: Stamps  # of the model


class Trial(TypedDict, closed=True):
    """One trial of a search."""

    settings: dict[Text, object]
    dev_wer: NotNegative | None  # None if it failed
    reason: Text | None  # why it failed


class Tuning(TypedDict, closed=True):
    """A search: `tuning/<label>-<target>.json`."""

    identity: Hash  # of everything that determines its trials
    trials: list[Trial]
    chosen: dict[Text, object]  # settings; empty for the method's defaults
