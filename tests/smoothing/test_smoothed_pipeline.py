"""What is smoothed: without noise it writes what the model writes, for every architecture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_models import write_tiny_model

from benchmark.corpora.manifest import Dataset
from benchmark.inference.transcription import transcribe
from benchmark.models.checkpoints import load
from benchmark.scoring.wer import words
from benchmark.smoothing.pipeline import Pipeline
from benchmark.smoothing.votes import loudness
from benchmark.training.speech import Speech


@pytest.mark.parametrize("kind", ["wav2vec2", "wav2vec2-pre-LN", "whisper"])
def test_without_noise_it_writes_what_the_model_writes(kind: str, tmp_path: Path, tiny_corpus: Path) -> None:
    corpus, model = Dataset.open(tiny_corpus), load(write_tiny_model(kind, tmp_path / kind))
    expected = transcribe(model, Speech(model, corpus, "dev"), batch_seconds=0.1).hypotheses
    pipeline = Pipeline(model, None, "none", batch_seconds=4.0)
    for utterance in corpus.split("dev"):
        audio = corpus.audio(utterance)
        level = loudness(audio)
        copies = np.stack([audio / level] * 2).astype(np.float32)
        found = pipeline.transcripts(copies, noise=0.1, level=level)
        assert found == [" ".join(words(expected[utterance.id]))] * 2


def test_a_batch_holds_as_many_copies_as_its_seconds_allow(tmp_path: Path) -> None:
    plain = Pipeline(load(write_tiny_model("wav2vec2", tmp_path / "plain")), None, "none", batch_seconds=4.0)
    windows = Pipeline(load(write_tiny_model("whisper", tmp_path / "windows")), None, "none", batch_seconds=4.0)
    assert [plain.copies(samples) for samples in (16_000, 32_001, 100_000)] == [4, 1, 1]
    assert windows.copies(16_000) == 2  # it hears two seconds, however short the recording
