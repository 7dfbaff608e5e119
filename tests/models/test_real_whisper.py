"""The published tiny.en on real speech: the tokens of `generate` of transformers. Skipped where they are absent."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import WhisperFeatureExtractor, WhisperForConditionalGeneration

from benchmark.corpora.audio import decode
from benchmark.corpora.manifest import SAMPLE_RATE
from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.batch import Batch
from benchmark.models.checkpoints import load

UTTERANCES = 4


@pytest.fixture(scope="module")
def tiny_en() -> Path:
    folder = Path(os.environ.get("PINCHBENCH_WHISPER_TINY_EN", "absent"))
    if not (folder / "config.json").exists():
        pytest.skip("PINCHBENCH_WHISPER_TINY_EN does not name the folder of openai/whisper-tiny.en")
    return folder


@pytest.fixture(scope="module")
def recordings() -> list[Path]:
    folder = Path(os.environ.get("PINCHBENCH_LIBRISPEECH_ROOT", "absent")) / "LibriSpeech" / "test-clean"
    if not folder.is_dir():
        pytest.skip("PINCHBENCH_LIBRISPEECH_ROOT does not name a folder with LibriSpeech/test-clean")
    chapters = sorted(folder.glob("*/*"))
    return [next(iter(sorted(chapter.glob("*.flac")))) for chapter in chapters[:UTTERANCES]]


def test_texts_are_those_of_transformers_to_the_token(tiny_en: Path, recordings: list[Path]) -> None:
    whisper, plain = load(tiny_en), WhisperForConditionalGeneration.from_pretrained(tiny_en, dtype=torch.float32)
    extractor, architecture = WhisperFeatureExtractor.from_pretrained(tiny_en), architecture_of(whisper.model)
    end: Any = plain.generation_config.eos_token_id
    for path in recordings:
        wave = torch.from_numpy(decode(path, str(path))).float() / 32768
        frames = architecture.frame_counts(whisper.model, torch.tensor([len(wave)]))
        none = torch.zeros(0, dtype=torch.long)
        batch = Batch(wave[None], None, frames, none, none, len(wave) / SAMPLE_RATE)
        with torch.inference_mode():
            spectra = extractor(wave.numpy(), sampling_rate=SAMPLE_RATE, return_tensors="pt").input_features
            generated = plain.eval().generate(spectra)[0].tolist()
            ours = architecture.with_labels(whisper.model, batch).labels.tolist()
            (transcript,) = architecture.transcribe(whisper.model, batch, whisper.tokenizer)
        assert ours == [token for token in generated if token < end]
        assert len(ours) > 1
        assert not transcript.cut
