"""Transcribes the sets of a study with a model, and times a run's model against the dense one."""

from __future__ import annotations

from typing import Any, TypedDict

from benchmark.corpora.manifest import Dataset
from benchmark.inference.measured_speed import SparseSpeed, Speedup
from benchmark.inference.sparse_model import sparse_model
from benchmark.inference.speed import sample, speedups
from benchmark.inference.transcription import Transcription, transcribe, transcriber
from benchmark.models.batch import Batch
from benchmark.models.checkpoints import SpeechModel, load
from benchmark.scoring.normalizers import NormalizerName, normalised
from benchmark.scoring.trn import write_trn
from benchmark.study.paths import RunFolder, WorkFolder
from benchmark.study.plan import Study
from benchmark.training.precision import computing_in, pick_device
from benchmark.training.speech import Speech


def transcribe_tests(study: Study, folder: RunFolder, work: WorkFolder) -> dict[str, Any]:
    """Transcribe every test set with a run's exported model, and time it against the dense one.

    Writes `hyp/<split>.trn`, in a study that normalises also `raw/<split>.trn`. Returns what `transcribe.json` says of
    the times.
    """
    speech_model, dense = load(folder.model), load(work.dense_model)
    dense.to(pick_device(study.hardware.device))
    dataset = Dataset.open(work.data)
    sets: dict[str, dict[str, float]] = {}
    for split in study.corpus.tests:
        result = transcribe_split(study, speech_model, dataset, split)
        _write(result, folder, split, study.evaluation.normalizer)
        sets[split] = {"seconds": result.seconds, "real_time_factor": result.seconds / result.audio_seconds}
        if result.cut:
            sets[split]["cut"] = result.cut
    with computing_in(study.evaluation.precision, dense.model.device):
        first = Speech(speech_model, dataset, study.corpus.tests[0])
        speed = _speed(dense, speech_model, sample(first, study.evaluation.batch_seconds))
    return {"sets": sets, **speed}


class _Speed(TypedDict):
    """The part of `transcribe.json` about speed."""

    speedup: Speedup
    sparse: SparseSpeed


def _speed(dense: SpeechModel, compressed: SpeechModel, batches: list[Batch]) -> _Speed:
    """Time the compressed model against the dense one, as it is and with sparse matrices if some are faster so."""
    with_sparse, matrices = sparse_model(compressed, batches[len(batches) // 2])
    ways = {"as it is": compressed} | ({"sparse": with_sparse} if matrices else {})
    found = speedups(transcriber(dense), {name: transcriber(model) for name, model in ways.items()}, batches)
    sparse = SparseSpeed(matrices=matrices)
    if matrices:
        sparse["speedup"] = found["sparse"]
    return _Speed(speedup=found["as it is"], sparse=sparse)


def transcribe_split(study: Study, speech_model: SpeechModel, dataset: Dataset, split: str) -> Transcription:
    """Transcribe a split of a corpus with a model, which is moved to the study's device."""
    speech_model.to(pick_device(study.hardware.device))
    with computing_in(study.evaluation.precision, speech_model.model.device):
        return transcribe(speech_model, Speech(speech_model, dataset, split), study.evaluation.batch_seconds)


def _write(result: Transcription, folder: RunFolder, split: str, normalizer: NormalizerName) -> None:
    """Write the transcripts of a split as they are scored, and as the model wrote them if that differs."""
    if normalizer != "none":
        write_trn(folder.raw_hypotheses(split), result.hypotheses)
    write_trn(folder.hypotheses(split), normalised(result.hypotheses, normalizer))
