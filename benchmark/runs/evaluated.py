"""Adds the results of a study's evaluations to a run's record."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from benchmark.corpora.manifest import Dataset
from benchmark.evaluations.contract import Common, Evaluation, FinishedRun, load_evaluation
from benchmark.runs.records import RunRecord
from benchmark.scoring.normalizers import normalised
from benchmark.scoring.trn import Transcripts, read_trn
from benchmark.study.paths import RunFolder, WorkFolder
from benchmark.study.plan import RunPlan, Study

if TYPE_CHECKING:
    from benchmark.models.checkpoints import SpeechModel


def dense_plan(study: Study) -> RunPlan | None:
    """The run of the dense model, which evaluations compare with; None in a study without one."""
    return next((plan for plan in study.runs if plan.family == "dense"), None)


def runs_models(study: Study) -> bool:
    """Whether scoring a run of the study runs models, and therefore needs a device."""
    return any(load_evaluation(name, settings).runs_models for name, settings in study.evaluations.items())


def common(study: Study, dataset: Dataset, work: WorkFolder) -> Common:
    """What all runs of a study have in common."""
    return Common(
        corpus=dataset,
        train=study.corpus.train,
        dense_model=work.dense_model,
        device=study.hardware.device,
        batch_seconds=study.evaluation.batch_seconds,
        precision=study.evaluation.precision,
        normalizer=study.evaluation.normalizer,
        folder=work.evaluations,
    )


def transcriber(study: Study, dataset: Dataset) -> Callable[[SpeechModel, str], Transcripts]:
    """Transcribes a split of a corpus as the study transcribes its test sets. It imports torch when it is called."""

    def transcribe(speech_model: SpeechModel, split: str) -> Transcripts:
        from benchmark.runs.set_transcription import transcribe_split

        return normalised(transcribe_split(study, speech_model, dataset, split).hypotheses, study.evaluation.normalizer)

    return transcribe


def transcripts(folder: RunFolder, splits: Sequence[str]) -> dict[str, Transcripts]:
    """A run's transcripts, for each of the splits that has any."""
    files = {split: folder.hypotheses(split) for split in splits}
    return {split: read_trn(path) for split, path in files.items() if path.is_file()}


def add_metrics(record: RunRecord, evaluations: Mapping[str, dict[str, Any] | None], run: FinishedRun) -> None:
    """Add the evaluations' results on every test set to a record as `metrics`; add a note for one that fails.

    Metrics that the record already has are kept; a record copied from published results has some.

    Args:
        record: the record, which is changed.
        evaluations: by name, the settings that the study gives them.
        run: the run.
    """
    metrics = {name: dict(found) for name, found in record.get("metrics", {}).items()}
    for name, settings in evaluations.items():
        evaluation = load_evaluation(name, settings)
        for split in record["scores"]:
            if split in metrics.get(name, {}):
                continue
            failed = f"{name} on {split} was not measured: "
            record["notes"] = [note for note in record["notes"] if not note.startswith(failed)]
            try:
                metrics.setdefault(name, {})[split] = _measured(evaluation, run, split)
            except Exception as error:  # the author's code may raise anything
                record["notes"].append(failed + (" ".join(str(error).split()) or type(error).__name__))
    applying = {name: {split: own for split, own in by_split.items() if own} for name, by_split in metrics.items()}
    if found := {name: by_split for name, by_split in applying.items() if by_split}:
        record["metrics"] = found


def _measured(evaluation: Evaluation, run: FinishedRun, split: str) -> dict[str, float]:
    values = {metric: float(value) for metric, value in evaluation.measure(run, split).items()}
    for metric, value in values.items():
        if not math.isfinite(value):
            raise ValueError(f"{metric} is {value}")
    return values
