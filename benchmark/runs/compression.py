"""The compression step: calls the method on its budget, exports the model, reads it back and measures it."""

from __future__ import annotations

import csv
import io
import math
import shutil
from dataclasses import asdict, replace

from transformers import PreTrainedModel

from benchmark.corpora.manifest import Dataset
from benchmark.models.checkpoints import SpeechModel, load
from benchmark.runs import retries, run_folder
from benchmark.runs.error_counts import all_references
from benchmark.runs.failures import Failed, failures_as_reasons, refuse_hopeless
from benchmark.runs.footprint import footprint, matrix_sparsity
from benchmark.runs.identity import identity
from benchmark.runs.inputs import input_hashes
from benchmark.runs.job_setup import job_for
from benchmark.runs.kept import keep
from benchmark.runs.outcome import read_back, require_size, returned_model
from benchmark.runs.provenance import provenance
from benchmark.runs.recorded_run import checked_run, files_of
from benchmark.runs.records import SCHEMA, RunRecord, Spending
from benchmark.runs.trials import chosen_settings
from benchmark.study.paths import ResultsFolder, RunFolder, WorkFolder
from benchmark.study.plan import RunPlan, Study
from benchmark.study.registry import load_method
from benchmark.system.errors import CannotCompress, TrainingDiverged, UserError
from benchmark.system.files import atomic_write, write_text
from benchmark.toolbox.contract import Method
from benchmark.toolbox.job import Job
from benchmark.toolbox.shared_training import SharedTraining
from benchmark.toolbox.target import Target
from benchmark.training.budget import OverBudget
from benchmark.training.precision import chosen_precision, device_name, pick_device


def new_record(study: Study, plan: RunPlan, method: Method, work: WorkFolder) -> RunRecord:
    """Create the record of a run that has not started yet."""
    settings: dict[str, object] = asdict(method.settings)
    dataset, inputs = Dataset.open(work.data), input_hashes(study, plan, work)
    budget = study.budget_of(plan)
    record = RunRecord(
        schema=SCHEMA,
        study=study.name,
        run=plan.run,
        identity=identity(study, plan, settings, inputs),
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
        data_hash=inputs["data"],
        dense_hash=inputs["dense"],
        provenance=provenance(device_name(pick_device(study.hardware.device))),
        partial_corpus=study.corpus.partial is True or study.corpus.limit is not None,
    )
    if method.phases > 1:
        record["stages"] = method.phases
    if dataset.remarks:
        record["corpus_remarks"] = dataset.remarks
    if method.drawn:
        record["drawn"] = method.drawn
    return record


def compress(study: Study, plan: RunPlan, work: WorkFolder, reuse_from: ResultsFolder | None = None) -> RunRecord:
    """Run a method on its budget; write `model/`, `curves.csv` and `compress.json`.

    A failed method leaves a record too; the failure is counted in `attempts.json`, so that the next call tries again.
    If the run's folder already holds a result with the same identity, that result is kept.

    Args:
        study: the study.
        plan: the run.
        work: the study's work folder.
        reuse_from: results with finished records; a complete record with the same identity is copied, not recomputed.
    """
    folder = work.run(plan.run)
    tuned = replace(plan, settings=chosen_settings(study.search_file(plan), plan))
    method = _method(tuned)
    record = new_record(study, tuned, method, work)
    retries.start(study, plan, folder)
    if kept := run_folder.kept_compression(folder, record):
        keep(folder.compressed, kept)
        print(f"{plan.run}: already finished, kept")
        return kept
    run_folder.clear(folder)  # only now is it certain that the data and the dense model exist
    if reuse_from is not None and (finished := _take_over(record, reuse_from.run(plan.run), folder, study)):
        return finished
    _attempt(study, tuned, method, record, work)
    keep(folder.compressed, record)
    if record["status"] == "failed":
        retries.count_failure(folder)
    shutil.rmtree(folder.checkpoints, ignore_errors=True)
    return record


def _attempt(study: Study, plan: RunPlan, method: Method, record: RunRecord, work: WorkFolder) -> None:
    """Run the method, write its model and curves, and complete the record, also if it fails."""
    folder = work.run(plan.run)
    precision = chosen_precision(study.training.precision, pick_device(study.hardware.device))
    # What was begun in another precision, as `auto` may choose it on another machine, is not continued.
    checkpoints = folder.checkpoints / f"{record['identity'][:16]}-{precision}"
    job: Job | None = None
    try:
        dense = load(work.dense_model)
        shared = _shared_training(study, plan, method, record, work, precision)
        job = job_for(study, plan, work, checkpoints, shared)
        if study.settings_from is not None and study.search_file(plan) is None:
            job.note(f"settings were not searched: {study.settings_from} has no search {plan.search}")
        with failures_as_reasons():
            model = _compressed(method, job, dense)
            _measure(record, job.target if plan.target else None, dense, replace(dense, model=model), folder)
    except (Failed, OverBudget, CannotCompress, TrainingDiverged) as error:
        record["status"] = "over_budget" if isinstance(error, OverBudget) else "failed"
        record["reason"] = str(error)
    if job is not None:
        _account(record, job)
        if "train" in record["phases"]:
            record["precision"] = precision
            if study.training.orthography == "model":
                record["orthography"] = "model"
        write_text(folder.curves, _curves_csv(job.curves))


def _shared_training(
    study: Study, plan: RunPlan, method: Method, record: RunRecord, work: WorkFolder, precision: str
) -> SharedTraining | None:
    """The training shared by the runs of this label and seed at all targets, if the method supports sharing."""
    if not method.one_training:
        return None
    for_all = identity(study, replace(plan, target=None), record["settings"], input_hashes(study, plan, work))
    path = work.training(f"{plan.label}-seed{plan.seed}-{for_all[:16]}-{precision}")
    return SharedTraining(path, [other.target for other in study.all_targets(plan) if other.target is not None])


def _title(method: Method, plan: RunPlan) -> str:
    """The method's title and the part of the label that follows the method's name: `Wanda, fine-tuned`."""
    variant = plan.label.removeprefix(plan.method).replace("fine_tuned", "fine-tuned").replace("_", " ").strip()
    return f"{method.title}, {variant}" if variant else method.title


def _method(plan: RunPlan) -> Method:
    """The run's method. If its file does not import, it fails only when called, and its row gives the reason."""
    try:
        return load_method(plan.method)(plan.settings)
    except UserError as error:
        reason = str(error)
    except Exception as error:  # raised by the method's Settings
        reason = f"settings {plan.settings} were refused: {type(error).__name__}: {error}"

    class Broken(Method):
        title = plan.label
        family = "unstructured"  # an arbitrary choice: without a result the family is not used
        source = plan.method

        def compress(self, job: Job) -> PreTrainedModel:
            raise Failed(reason)

    return Broken()


def _take_over(record: RunRecord, finished: RunFolder, folder: RunFolder, study: Study) -> RunRecord | None:
    """Copy a finished run with the same identity, if it passes the checks; later steps then find their results."""
    if not finished.record.exists():
        return None
    try:
        old = checked_run(finished, all_references(study, Dataset.open(study.work.data)))
    except UserError as error:
        print(f"{record['run']}: published record not copied, because {error}")
        return None
    same = old.record["identity"] == record["identity"] and old.record["study"] == record["study"]
    if not same or old.record["status"] == "failed":
        return None
    for path in files_of(old):
        with atomic_write(folder.path / path) as partial:
            shutil.copyfile(finished.path / path, partial)
    folder.record.rename(folder.compressed)
    print(f"{record['run']}: copied from {finished}")
    return old.record


def _compressed(method: Method, job: Job, dense: SpeechModel) -> PreTrainedModel:
    """The model that the method makes of the dense one within its budget."""
    refuse_hopeless(method, job)
    with job.budget.clock.phase("other"):
        model = returned_model(method.compress(job), dense.model)
        job.budget.check()  # covers the last backward pass, and what came after training
    return model


def _account(record: RunRecord, job: Job) -> None:
    """Write into the record what the job spent, noted and logged last."""
    record["budget"]["spent"] = job.budget.spent
    record["phases"] = dict(job.budget.clock.seconds)
    record["compression_seconds"] = sum(record["phases"].values())
    record["notes"], record["log"] = job.notes, _finite(job.last)
    if undefined := sorted(job.last.keys() - record["log"].keys()):
        more = f" and {len(undefined) - 1} more" if undefined[1:] else ""
        record["notes"].append(f"not logged because not finite: {undefined[0]}{more}")


def _measure(
    record: RunRecord, target: Target | None, dense: SpeechModel, compressed: SpeechModel, folder: RunFolder
) -> None:
    """Export the model, read the folder back and measure that model."""
    exported, size = read_back(compressed, folder.model)
    require_size(record["family"], target, dense.model, exported.model, size)
    record["footprint"] = footprint(dense.model, exported.model, size)
    record["matrices"] = matrix_sparsity(dense.model, exported.model)


def _finite(scalars: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in scalars.items() if math.isfinite(value)}


def _curves_csv(curves: list[dict[str, float]]) -> str:
    """The training curves as CSV; a cell is empty where no finite number was logged."""
    columns = list(dict.fromkeys(name for row in curves for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: f"{v:.8g}" for k, v in _finite(row).items()} for row in curves)
    return text.getvalue()
