"""The training labels of a study whose `training.orthography` is the dense model's."""

from __future__ import annotations

from pathlib import Path

from benchmark.models.checkpoints import SpeechModel
from benchmark.runs.published_wer import free_transcripts
from benchmark.scoring.normalizers import normalizer
from benchmark.study.keys import EvaluationConfig
from benchmark.system.files import write_json
from benchmark.system.validated import read_json_as
from benchmark.training.orthography import as_heard, spelling
from benchmark.training.speech import Speech


def write_labels(speech_model: SpeechModel, speech: Speech, evaluation: EvaluationConfig, path: Path) -> None:
    """Write the labels of the training split by utterance id, in the orthography of the model's own transcripts."""
    heard = free_transcripts(speech_model, speech, evaluation)
    same, said = spelling(normalizer(evaluation.normalizer)), speech_model.tokenizer.normalise
    write_json(path, {u.id: as_heard(said(u.text), heard[u.id], same) for u in speech.utterances})


def read_labels(path: Path) -> dict[str, str]:
    """The labels by utterance id.

    Raises:
        UserError: there are none, or the file is damaged.
    """
    return read_json_as(path, dict[str, str])
