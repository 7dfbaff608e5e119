"""Compares the dense model's WER with the one that its authors published: a table on a broken baseline is worthless."""

from __future__ import annotations

import copy
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from benchmark.corpora.manifest import Dataset
from benchmark.inference.transcription import transcribe
from benchmark.models.checkpoints import SpeechModel, hash_model, save_dense
from benchmark.runs.error_counts import all_references, references
from benchmark.runs.evaluated import dense_plan
from benchmark.runs.identity import identity
from benchmark.runs.recorded_run import checked_run
from benchmark.scoring.normalizers import normalised
from benchmark.scoring.wer import word_errors
from benchmark.study.keys import EvaluationConfig
from benchmark.study.paths import ResultsFolder
from benchmark.study.plan import Study
from benchmark.system.errors import UserError
from benchmark.training.precision import computing_in
from benchmark.training.speech import Speech


def word_error_rate(
    speech_model: SpeechModel, dataset: Dataset, split: str, evaluation: EvaluationConfig | None = None
) -> float:
    """WER of a model on a split, with greedy decoding."""
    evaluation = evaluation or EvaluationConfig()
    hypotheses = free_transcripts(speech_model, Speech(speech_model, dataset, split), evaluation)
    spoken, written = references(dataset, split), normalised(hypotheses, evaluation.normalizer)
    return word_errors(normalised(spoken, evaluation.normalizer), written).wer


def free_transcripts(speech_model: SpeechModel, speech: Speech, evaluation: EvaluationConfig) -> dict[str, str]:
    """A model's transcripts by utterance id, with greedy decoding, charged to no budget."""
    # The copy is not metered. Its weights stay trainable, because autocast keeps the casts of no others.
    speech_model = replace(speech_model, model=copy.deepcopy(speech_model.model).eval())
    with computing_in(evaluation.precision, speech.device):
        return transcribe(speech_model, speech, evaluation.batch_seconds).hypotheses


def check_published(
    study: Study, speech_model: SpeechModel, dataset: Dataset, reuse_from: ResultsFolder | None = None
) -> None:
    """Refuse a dense model that misses its published WER.

    Args:
        study: the study.
        speech_model: its dense model.
        dataset: its corpus.
        reuse_from: results that may hold the dense model's transcripts; then they are counted instead of made again.

    Raises:
        UserError: the WER of a split differs from the published one by more than the study's tolerance.
    """
    if not study.dense.published_wer:
        return
    recorded = _recorded(study, speech_model, dataset, reuse_from) if reuse_from else {}
    for split, published in study.dense.published_wer.items():
        wer = 100 * (recorded[split] if split in recorded else _measured(study, speech_model, dataset, split))
        print(f"dense model: {split} WER {wer:.2f} %, published {published:g} %")
        if abs(wer - published) > study.dense.tolerance:
            raise UserError(
                f"{study.path}: the dense model {study.dense.model} has {wer:.2f} % WER on {split}, but the "
                f"published one is {published:g} % (`dense.published_wer`, tolerance {study.dense.tolerance:g} points):"
                " check the model, the corpus and the decoding, because no table could be trusted"
            )


def _measured(study: Study, speech_model: SpeechModel, dataset: Dataset, split: str) -> float:
    return word_error_rate(speech_model, dataset, split, study.evaluation)


def _recorded(study: Study, speech_model: SpeechModel, dataset: Dataset, results: ResultsFolder) -> dict[str, float]:
    """WERs by split of the dense model's run in `results`, counted again; empty if it is of another model or corpus."""
    plan = dense_plan(study)
    if plan is None:
        return {}
    with suppress(UserError):  # no such run, or a damaged one
        run = checked_run(results.run(plan.run), all_references(study, dataset))
        with tempfile.TemporaryDirectory() as folder:
            save_dense(speech_model, Path(folder) / "model")
            weights = hash_model(Path(folder) / "model")
        wanted = identity(study, plan, run.record["settings"], {"data": dataset.hash, "dense": weights})
        if run.ok and run.record["identity"] == wanted:
            return {split: score["wer"] for split, score in run.scores.items()}
    return {}
