"""The records of a study, typed: of a run, `run.json`, everything a table needs; of a search, `tuning/*.json`."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal, NotRequired, TypedDict

from benchmark.errors import UserError
from benchmark.files import read_json

SCHEMA = 1
WIDEST_FIRST = ("avx512f", "avx2", "avx", "sse2")  # vector instructions, as Linux names them
PLANNED = "planned.json"  # beside `runs/`: the names of all that the study plans
Status = Literal["ok", "failed", "over_budget"]


class Spending(TypedDict):
    """The budget of a run and what it used of it."""

    kind: Literal["work", "device_seconds"]
    limit: float  # in work units (dense forward of one audio second = 1) or in seconds
    spent: float


class Footprint(TypedDict):
    """Sizes of a model, counted in one place for all families (benchmark/footprint.py)."""

    total_parameters: int  # of the dense model that the run started from
    remaining_parameters: int  # non-zero or materialised, a shared tensor once, whole model
    encoder_matrix_parameters: int  # six matrices of each layer, of the dense model
    encoder_sparsity: float  # share of encoder_matrix_parameters removed, the paper's measure, 0..1
    compression_ratio: float  # total_parameters / remaining_parameters
    bytes_on_disk: int  # of the exported artefact, really written
    macs_per_second: float  # multiply-accumulates for one second of audio


class MatrixSparsity(TypedDict):
    """What is left of one encoder matrix."""

    layer: int
    matrix: Literal["q", "k", "v", "out", "ffn_in", "ffn_out"]
    parameters: int  # in the dense model
    remaining: int


class Score(TypedDict):
    """Result on one test set."""

    utterances: int
    words: int
    errors: int
    substitutions: int
    deletions: int
    insertions: int
    wer: float  # errors / words, 0..1 and above
    real_time_factor: float  # transcription seconds / audio seconds
    seconds: float  # transcription wall-clock


class Speedup(TypedDict):
    """The dense model's transcription time over the compressed model's, taken in turn in several rounds."""

    median: float
    low: float
    high: float


class Provenance(TypedDict):
    """Where a record comes from."""

    git_commit: str  # "unknown" outside a repository; "+dirty" appended with uncommitted changes
    packages: dict[str, str]
    python: str
    device: str
    cpu: str
    cores: int
    started: str  # ISO 8601, UTC


class RunRecord(TypedDict):
    """One run. Written as `run.json`; collected in `results/<study>/runs.csv`."""

    schema: int
    study: str
    run: str  # unique in the study: label, target, seed
    identity: str  # hash of all that determines the result: method source, settings, target, seed, budget, data, dense
    label: str  # row name in the tables; the method's name unless the study says otherwise
    method: str
    title: str
    family: str  # dense | control | unstructured | structured | low-rank | distilled | quantised | shared
    target_sparsity: float | None
    seed: int
    settings: dict[str, object]
    status: Status
    reason: str | None
    budget: Spending
    compression_seconds: float  # wall-clock of compress(), loading, exporting and evaluation excluded
    phases: dict[str, float]  # the same, by phase: train, calibration, other
    footprint: NotRequired[Footprint]  # absent when status is failed
    matrices: NotRequired[list[MatrixSparsity]]
    scores: NotRequired[dict[str, Score]]  # by test set; absent unless status is ok
    speedup: NotRequired[Speedup]  # likewise
    notes: list[str]  # what a reader must know, e.g. by how much thresholds were scaled at the end
    log: dict[str, float]  # last value of every scalar that the method logged
    data_hash: str
    dense_hash: str
    provenance: Provenance


class Trial(TypedDict):
    """One trial of a search."""

    settings: dict[str, object]
    dev_wer: float | None  # None where it failed
    reason: str | None  # why it failed


class Tuning(TypedDict):
    """A search: `tuning/<label>-<target>.json`."""

    identity: str  # of all that determines its trials
    trials: list[Trial]
    chosen: dict[str, object]  # settings; empty: the method's defaults


def read_record(path: Path, *, scored: bool = True) -> RunRecord:
    """Read `run.json`; or `compress.json`, of a run that need not be scored yet.

    Raises:
        UserError: the file is missing, of another schema or incomplete.
    """
    record = read_json(path)
    schema = record.get("schema") if isinstance(record, dict) else None
    if schema != SCHEMA:
        raise UserError(f"{path} has schema {schema}, this version reads {SCHEMA}; repeat the run")
    evaluation = {"scores", "speedup"}
    optional = {"matrices"}
    if record.get("status") != "ok":
        optional |= {"footprint"} | evaluation
    if not scored:
        optional |= evaluation
    missing = sorted(RunRecord.__annotations__.keys() - optional - record.keys())
    if missing:
        raise UserError(f"{path} lacks {', '.join(missing)}; repeat the run")
    return record  # type: ignore[no-any-return]


PACKAGES = ("torch", "torchaudio", "transformers", "numpy", "jiwer", "kaldialign", "snakemake")


def provenance(device: str) -> Provenance:
    """Describe this machine and this commit; `device` is what the run computed on, in words."""
    return Provenance(
        git_commit=_git_commit(),
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


def _git_commit() -> str:
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
