"""The records of a study: the form of every JSON file that a step leaves, and how each is read."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Literal, NotRequired

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from benchmark.consistency import require_consistent
from benchmark.contract import Family
from benchmark.errors import UserError
from benchmark.files import read_json
from benchmark.stamps import Stamps
from benchmark.validated import AtLeastOne, Count, Finite, NotNegative, Positive, Seed, checked, read_json_as

SCHEMA = 1
WIDEST_FIRST = ("avx512f", "avx2", "avx", "sse2")  # vector instructions, as Linux names them
PLANNED = "planned.json"  # beside `runs/`: the names of all that the study plans
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
    """Sizes of a model, counted in one place for all families (benchmark/footprint.py)."""

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
    identity: Hash  # of all that determines the result: method source, settings, target, seed, budget, data, dense
    label: Name  # row name in the tables; the method's name unless the study says otherwise
    method: Text
    title: Annotated[Text, Field(pattern=r"^[^\x00-\x1f]+$", max_length=200)]
    family: Family
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


def read_record(path: Path, *, scored: bool = True) -> RunRecord:
    """Read `run.json`; or `compress.json`, of a run that need not be scored yet.

    Raises:
        UserError: the file is missing, of another schema, incomplete, malformed, or contradicts itself.
    """
    record = read_json(path)
    schema = record.get("schema") if isinstance(record, dict) else None
    if schema != SCHEMA:
        raise UserError(f"{path} has schema {schema}, this version reads {SCHEMA}; repeat the run")
    needed = {"footprint", "matrices"} | ({"scores", "speedup"} if scored else set())
    missing = sorted((needed if record.get("status") == "ok" else set()) - record.keys())
    if missing:
        raise UserError(f"{path} lacks {', '.join(missing)}; repeat the run")
    found: RunRecord = record  # and not what the check returns, in which whole numbers have become floats
    checked(record, RunRecord, str(path))
    require_consistent(found, str(path))
    return found


def read_run(folder: Path) -> RunRecord:
    """Read the record of a scored run's folder, which has the run's name.

    Raises:
        UserError: see `read_record`; or it is the record of another run.
    """
    record = read_record(folder / "run.json")
    if record["run"] != folder.name:
        raise UserError(f"{folder} holds the run {record['run']}: rename the folder, or delete it if it is a copy")
    return record


def read_transcription(folder: Path) -> Transcription:
    """Read a run folder's `transcribe.json`."""
    return read_json_as(folder / "transcribe.json", Transcription)


def read_dense(path: Path) -> Dense:
    """Read `dense.json`, of a study's dense stage."""
    return read_json_as(path, Dense)


def read_tuning(path: Path) -> Tuning:
    """Read a search, `tuning/*.json`."""
    return read_json_as(path, Tuning)


def read_planned(study: Path) -> list[str]:
    """Names of the runs that a study plans, from `planned.json` in its results folder; none without that file."""
    path = study / PLANNED
    return read_json_as(path, list[Name]) if path.exists() else []


PACKAGES = ("torch", "torchaudio", "transformers", "numpy", "jiwer", "kaldialign", "snakemake")


def provenance(device: str) -> Provenance:
    """Describe this machine and this commit; `device` is what the run computed on, in words."""
    return Provenance(
        git_commit=git_commit(),
        packages={name: _version(name) for name in PACKAGES},
        python=platform.python_version(),
        device=device,
        cpu=_cpu_name(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _git(*arguments: str) -> str | None:
    root = Path(__file__).parent
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def git_commit() -> str:
    """The commit of this code, with "+dirty" where it was changed since; "unknown" outside a repository."""
    commit = _git("rev-parse", "HEAD")
    if not commit:
        return "unknown"
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ":/", ":(top,exclude)results")
    return commit + ("+dirty" if changed else "")


def _cpu_name() -> str:
    """The processor with its generation and widest vectors: two of one name may differ twofold in speed."""
    linux = Path("/proc/cpuinfo")
    first = linux.read_text(encoding="utf-8").partition("\n\n")[0] if linux.is_file() else ""
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in first.splitlines())}
    if "model name" not in facts:
        return platform.processor() or platform.machine()
    vectors = next((name for name in WIDEST_FIRST if name in facts.get("flags", "").split()), "no vectors known")
    return f"{facts['model name']}, family {facts.get('cpu family')} model {facts.get('model')}, {vectors}"
