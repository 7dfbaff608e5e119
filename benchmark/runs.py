"""One run of a study: compress, transcribe, score. Each step leaves one file in `work/<study>/runs/<run>/`."""

from __future__ import annotations

import csv
import io
import math
import shutil
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import torch
from transformers import PreTrainedModel

from benchmark import attempts, run_folder
from benchmark.budget import Budget, Clock, OverBudget
from benchmark.contract import CannotCompress, Method
from benchmark.corpora.manifest import Dataset
from benchmark.decoding import transcribe
from benchmark.dense import dense_hash
from benchmark.errors import OUT_OF_MEMORY, UserError
from benchmark.files import hash_file, hash_of, whole, write_json, write_text
from benchmark.footprint import footprint, matrix_sparsity
from benchmark.job import Job, Target
from benchmark.kept import keep
from benchmark.models.checkpoints import CTCModel, load
from benchmark.models.regularisation import regularise
from benchmark.outcome import read_back, require_size, returned_model
from benchmark.recorded_run import checked_run, files_of
from benchmark.records import SCHEMA, RunRecord, Spending, provenance, read_record
from benchmark.registry import load_method, method_path
from benchmark.score import all_references
from benchmark.scoring.trn import write_trn
from benchmark.speed import speedup
from benchmark.study import RunPlan, Study
from benchmark.training.features import Features
from benchmark.training.loop import Options, TrainingDiverged
from benchmark.training.precision import device_name, pick_device, uses_bf16, wait_for_gpu
from benchmark.training.speech import Speech
from benchmark.tuning import chosen_settings


class Failed(Exception):
    """The run cannot give a model; the message is the reason in its row."""


def identity(study: Study, plan: RunPlan, settings: dict[str, object], data_hash: str, dense: str) -> str:
    """Hash of everything that determines a run's result, the method's source included."""
    return hash_of(
        {
            "schema": SCHEMA,
            "method": plan.method,
            "source": hash_file(method_path(plan.method)),
            "settings": settings,
            "target": plan.target,
            "seed": plan.seed,
            "budget": asdict(study.budget_of(plan)),
            "training": asdict(study.training),
            "evaluation": asdict(study.evaluation),
            "splits": [study.corpus.train, *study.corpus.tests],
            "data": data_hash,
            "dense": dense,
        }
    )


def new_record(study: Study, plan: RunPlan, method: Method, work: Path) -> RunRecord:
    """The record of a run that has not started yet."""
    settings: dict[str, object] = asdict(method.settings)
    data_hash, dense = Dataset.open(work / "data").hash, dense_hash(work)
    budget = study.budget_of(plan)
    return RunRecord(
        schema=SCHEMA,
        study=study.name,
        run=plan.run,
        identity=identity(study, plan, settings, data_hash, dense),
        label=plan.label,
        method=plan.method,
        title=_title(method, plan),
        family=method.family,
        target_sparsity=plan.target,
        seed=plan.seed,
        settings=settings,
        status="ok",
        reason=None,
        budget=Spending(kind=budget.kind, limit=budget.limit, spent=0.0),
        compression_seconds=0.0,
        phases={},
        notes=[],
        log={},
        data_hash=data_hash,
        dense_hash=dense,
        provenance=provenance(device_name(pick_device(study.hardware.device))),
        partial_corpus=study.corpus.partial or study.corpus.limit is not None,
    )


def compress(study: Study, plan: RunPlan, work: Path, reuse_from: Path | None = None) -> RunRecord:
    """Run a method on its budget; write `model/`, `curves.csv` and `compress.json`.

    A failure of the method is a record too; it is counted in `attempts.json`, so that the next call tries again. A
    result of the same identity that the run's folder already holds is kept.

    Args:
        study: the study.
        plan: the run.
        work: the study's work folder.
        reuse_from: folder of finished records; a complete one of the same identity is taken over instead of trained.
    """
    folder = work / "runs" / plan.run
    search = study.search_file(plan)
    tuned = replace(plan, settings=chosen_settings(search, plan))
    method = _method(tuned)
    record = new_record(study, tuned, method, work)
    attempts.start(study, plan, folder)
    if kept := run_folder.kept_compression(folder, record):
        keep(folder / "compress.json", kept)
        print(f"{plan.run}: kept, finished before")
        return kept
    run_folder.clear(folder)  # not before it is certain that there are data and a dense model to start from
    if reuse_from is not None and (finished := _take_over(record, reuse_from / plan.run, folder, study)):
        return finished
    checkpoints = folder / "checkpoint" / record["identity"][:16]
    job: Job | None = None
    try:
        dense = load(work / "dense" / "model")
        job = job_for(study, plan, work, checkpoints)
        if study.settings_from is not None and search is None:
            job.note(f"settings were not searched: {study.settings_from} has no search {plan.search}")
        with failures_as_reasons():
            with job.budget.clock.phase("other"):
                model = returned_model(method.compress(job), dense.model)
                job.budget.check()  # of the last backward, and of what came after training
            _measure(record, job.target, dense, replace(dense, model=model), folder)
    except (Failed, OverBudget, CannotCompress, TrainingDiverged) as error:
        record["status"] = "over_budget" if isinstance(error, OverBudget) else "failed"
        record["reason"] = str(error)
    if job is not None:
        record["budget"]["spent"] = job.budget.spent
        record["phases"] = dict(job.budget.clock.seconds)
        record["compression_seconds"] = sum(record["phases"].values())
        record["notes"], record["log"] = job.notes, _finite(job.last)
        if undefined := sorted(job.last.keys() - record["log"].keys()):
            more = f" and {len(undefined) - 1} more" if undefined[1:] else ""
            record["notes"].append(f"not in the log, since not finite: {undefined[0]}{more}")
        write_text(folder / "curves.csv", _curves_csv(job.curves))
    keep(folder / "compress.json", record)
    if record["status"] == "failed":
        attempts.count_failure(folder)
    shutil.rmtree(folder / "checkpoint", ignore_errors=True)
    return record


def _title(method: Method, plan: RunPlan) -> str:
    """The method's title, with what its label adds to the method's name: `Wanda, fine tuned`."""
    variant = plan.label.removeprefix(plan.method).replace("_", " ").strip()
    return f"{method.title}, {variant}" if variant else method.title


def _method(plan: RunPlan) -> Method:
    """The run's method. One whose file does not import fails only when it is called: its row says why."""
    try:
        return load_method(plan.method)(plan.settings)
    except UserError as error:
        reason = str(error)
    except Exception as error:  # of its Settings
        reason = f"settings {plan.settings} are refused: {type(error).__name__}: {error}"

    class Broken(Method):
        title = plan.label
        family = "unstructured"  # as good as any: without a result it counts for nothing

        def compress(self, job: Job) -> PreTrainedModel:
            raise Failed(reason)

    return Broken()


def _take_over(record: RunRecord, finished: Path, folder: Path, study: Study) -> RunRecord | None:
    """Copy a finished run of the same identity, if it is true; the later steps find their results there."""
    if not (finished / "run.json").exists():
        return None
    try:
        old = checked_run(finished, all_references(study, Dataset.open(study.work / "data")))
    except UserError as error:
        print(f"{record['run']}: not taken over, since {error}")
        return None
    same = old.record["identity"] == record["identity"] and old.record["study"] == record["study"]
    if not same or old.record["status"] == "failed":
        return None
    for path in files_of(old):
        with whole(folder / path) as partial:
            shutil.copyfile(finished / path, partial)
    (folder / "run.json").rename(folder / "compress.json")
    print(f"{record['run']}: taken over from {finished}")
    return old.record


def job_for(study: Study, plan: RunPlan, work: Path, checkpoints: Path) -> Job:
    """A job on the study's dense model and budget, for a run's target and seed."""
    device, budget = pick_device(study.hardware.device), study.budget_of(plan)
    ctc = load(work / "dense" / "model")
    ctc.to(device)
    regularise(ctc.model, dropout=study.training.dropout, spec_augment=study.training.spec_augment)
    features = Features(work / "dense" / "features") if study.training.frozen_frontend else None
    return Job(
        ctc,
        Speech(ctc, Dataset.open(work / "data"), study.corpus.train, features=features),
        Budget(budget.kind, budget.limit, Clock(wait_for_gpu)),
        Options(
            learning_rate=0.0,
            warmup=study.training.warmup,
            batch_seconds=study.training.batch_seconds,
            gradient_accumulation=study.training.gradient_accumulation,
            bf16=uses_bf16(study.training.precision, device),
        ),
        sparsity=plan.target,
        seed=plan.seed,
        frozen_frontend=study.training.frozen_frontend,
        checkpoints=checkpoints,
    )


@contextmanager
def failures_as_reasons() -> Iterator[None]:
    """Any exception of the method, or of exporting what it returned, becomes one that says why in a line."""
    try:
        yield
    except (UserError, Failed, OverBudget, CannotCompress, TrainingDiverged):
        raise
    except torch.cuda.OutOfMemoryError:
        raise Failed(OUT_OF_MEMORY) from None
    except Exception as error:
        traceback.print_exc()  # for the method's author; the row gets one line
        raise Failed(f"{type(error).__name__}: {' '.join(str(error).split())}") from error


def _measure(record: RunRecord, target: Target | None, dense: CTCModel, compressed: CTCModel, folder: Path) -> None:
    """Export the model and measure what was exported: the folder is read back for it."""
    exported, size = read_back(compressed, folder / "model")
    require_size(record["family"], target, dense.model, exported.model, size)
    record["footprint"] = footprint(dense.model, exported.model, size)
    record["matrices"] = matrix_sparsity(dense.model, exported.model)


def _finite(scalars: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in scalars.items() if math.isfinite(value)}


def _curves_csv(curves: list[dict[str, float]]) -> str:
    """The training curves as CSV; a cell is empty where nothing was logged, or no finite number."""
    columns = list(dict.fromkeys(name for row in curves for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: f"{v:.8g}" for k, v in _finite(row).items()} for row in curves)
    return text.getvalue()


def transcribe_run(study: Study, plan: RunPlan, work: Path) -> None:
    """Transcribe every test set with a run's exported model, and time it against the dense one.

    Writes `hyp/<split>.trn` and `transcribe.json`. Transcripts that are there are of this model, since compressing
    clears the folder: they are kept.
    """
    folder = work / "runs" / plan.run
    output = folder / "transcribe.json"
    if (kept := run_folder.kept_transcripts(folder, study.corpus.tests)) is not None:
        keep(output, kept)
        print(f"{plan.run}: transcripts kept, finished before")
        return
    record = read_record(folder / "compress.json", scored=False)
    if record["status"] != "ok" or "scores" in record:  # nothing to transcribe, or taken over with its results
        write_json(output, {})
        return
    ctc, dense = load(folder / "model"), load(work / "dense" / "model")
    for model in (ctc, dense):
        model.to(pick_device(study.hardware.device))
    dataset, batch_seconds = Dataset.open(work / "data"), study.evaluation.batch_seconds
    sets = {}
    for split in study.corpus.tests:
        result = transcribe(ctc, Speech(ctc, dataset, split), batch_seconds)
        write_trn(folder / "hyp" / f"{split}.trn", result.hypotheses)
        sets[split] = {"seconds": result.seconds, "real_time_factor": result.seconds / result.audio_seconds}
    faster = speedup(dense, ctc, Speech(ctc, dataset, study.corpus.tests[0]), batch_seconds)
    keep(output, {"sets": sets, "speedup": faster})
