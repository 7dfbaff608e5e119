"""A complete speed measurement, and its table in Markdown."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import cast, get_args

from tabulate import tabulate

from benchmark.corpora.manifest import Dataset
from benchmark.runs.provenance import provenance
from benchmark.study.file import load_study
from benchmark.study.registry import method_names, method_path
from benchmark.system.errors import UserError, suggestion
from benchmark.throughput.bench import Bench, Precision, usual_precision
from benchmark.throughput.figures import Row, Throughput
from benchmark.throughput.measuring import rows_at
from benchmark.throughput.models import built
from benchmark.throughput.trainer import check_accelerate
from benchmark.throughput.utterances import SPLIT, embedded_speech, study_speech
from benchmark.training.batches import BUCKET_BATCHES
from benchmark.training.precision import device_name, pick_device

MOST_STEPS, MOST_SECONDS = 100_000, 3600  # more than any machine completes, or holds in one batch


def measure(
    *,
    models: list[str],
    methods: list[str] | None,
    precisions: list[str] | None,
    compiled: bool,
    trainer: bool,
    steps: int,
    batch_seconds: float,
    config: Path | None,
) -> Iterator[Throughput]:
    """Time all models; yields all results so far after each row. The speech fills one window of batches.

    Raises:
        UserError: a model, method or precision is unknown, a number is out of range, or `trainer` lacks `accelerate`.
    """
    if not 1 <= steps <= MOST_STEPS or not 0 < batch_seconds <= MOST_SECONDS:
        raise UserError(
            f"--steps must be 1 to {MOST_STEPS:,}, and --batch-seconds above 0 and at most {MOST_SECONDS:,}"
        )
    names = method_names() if methods is None else methods
    for name in names:
        method_path(name)
    at = _precisions(precisions)
    if trainer:
        check_accelerate()
    with_models = [(name, built(name)) for name in models]
    device = pick_device()
    with tempfile.TemporaryDirectory() as folder:
        dataset, source = _speech(Path(folder, "data"), config, BUCKET_BATCHES * batch_seconds)
        seconds = [utterance.seconds for utterance in dataset.split(SPLIT)]
        measured = Throughput(
            device=device.type,
            batch_seconds=batch_seconds,
            speech=source,
            utterances=len(seconds),
            mean_seconds=sum(seconds) / len(seconds),
            rows=[],
            provenance=provenance(device_name(device)),
        )
        for name, speech_model in with_models:
            for precision in at:
                bench = Bench(name, speech_model, dataset, batch_seconds, precision, Path(folder, name))
                before = measured["rows"]
                for rows in rows_at(bench, names, steps, compiled=compiled, trainer=trainer):
                    measured["rows"] = before + rows
                    yield measured


def _precisions(asked: list[str] | None) -> list[Precision]:
    if asked is None:
        return [usual_precision()]
    known = list(get_args(Precision))
    for precision in asked:
        if precision not in known:
            raise UserError(f'unknown precision "{precision}"{suggestion(precision, known)}')
    return cast(list[Precision], asked)


def _speech(folder: Path, config: Path | None, seconds: float) -> tuple[Dataset, str]:
    if config is None:
        return embedded_speech(folder, seconds), "embedded corpus, utterances joined"
    study = load_study(config)
    return study_speech(study, seconds), f"study {study.name}, {study.corpus.train}"


def as_table(measured: Throughput) -> str:
    """Markdown table of medians, with quartiles in brackets, followed by the failed rows and their reasons."""
    has_peak = measured["device"] != "cpu"  # of the GPU's memory
    rows = [_cells(row, has_peak=has_peak) for row in measured["rows"] if row["figures"]]
    headers = ["model", "precision", "step of", "speech s/s", "time of plain"] + ["peak memory (GB)"] * has_peak
    failed = [f"{row['model']}, {row['precision']}, {row['name']}: {row['reason']}" for row in _failed(measured)]
    machine = measured["provenance"]
    speech = f"{measured['utterances']} utterances of {measured['mean_seconds']:.1f} s on average"
    return "\n".join(
        [
            tabulate(rows, headers, tablefmt="github", disable_numparse=True),
            "",
            f"{measured['speech']}: {speech}, {measured['batch_seconds']:g} s a batch",
            f"{machine['device']}, {machine['cpu']}",
            *failed,
        ]
    )


def _failed(measured: Throughput) -> list[Row]:
    return [row for row in measured["rows"] if row["figures"] is None]


def _cells(row: Row, *, has_peak: bool) -> list[str]:
    found = row["figures"]
    assert found is not None
    ratio, peak = found["time_of_plain"], found["peak_bytes"]
    return [
        row["model"],
        row["precision"],
        f"`{row['name']}`",
        _spread(found["speech_per_second"], 1),
        _spread(ratio, 2) if ratio else "-",
        *([f"{peak / 1e9:.2f}" if peak is not None else "-"] if has_peak else []),
    ]


def _spread(quartiles: list[float], digits: int) -> str:
    low, middle, high = quartiles
    return f"{middle:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"
