"""The transcription step: writes a run's transcripts of the test sets."""

from __future__ import annotations

from typing import TypedDict

from benchmark.corpora.manifest import Dataset
from benchmark.inference.measured_speed import SparseSpeed, Speedup
from benchmark.inference.sparse_model import sparse_model
from benchmark.inference.speed import sample, speedups
from benchmark.inference.transcription import Transcription, transcribe, transcriber
from benchmark.models.batch import Batch
from benchmark.models.checkpoints import SpeechModel, load
from benchmark.runs import run_folder
from benchmark.runs.kept import keep
from benchmark.runs.reading import read_record
from benchmark.scoring.normalizers import NormalizerName, normalised
from benchmark.scoring.trn import write_trn
from benchmark.study.paths import RunFolder, WorkFolder
from benchmark.study.plan import RunPlan, Study
from benchmark.system.files import write_json
from benchmark.training.precision import computing_in, pick_device
from benchmark.training.speech import Speech


def transcribe_run(study: Study, plan: RunPlan, work: WorkFolder) -> None:
    """Transcribe every test set with a run's exported model, and time it against the dense one.

    Writes `hyp/<split>.trn`, in a study that normalises also `raw/<split>.trn`, and `transcribe.json`. Existing
    transcripts are kept: they belong to this model, since the compression step clears the folder.
    """
    folder = work.run(plan.run)
    output = folder.transcribed
    if (kept := run_folder.kept_transcripts(folder, study.corpus.tests)) is not None:
        keep(output, kept)
        print(f"{plan.run}: transcripts already finished, kept")
        return
    record = read_record(folder.compressed, scored=False)
    if record["status"] != "ok" or "scores" in record:  # no model, or copied with its results
        write_json(output, {})
        return
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
    keep(output, {"sets": sets, **speed})


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
