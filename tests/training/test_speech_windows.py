"""Speech for a model with a window: joined for training, cut for decoding, and the same with cached features."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from long_speech import LONG, TEST, TRAIN, write_long_speech
from tiny_whisper import WINDOW_SECONDS, tiny_whisper

from benchmark.corpora.manifest import SAMPLE_RATE, Dataset
from benchmark.inference.transcription import transcribe, transcribe_one
from benchmark.models.checkpoints import SpeechModel
from benchmark.training.features import Features, write_features
from benchmark.training.speech import Speech
from benchmark.training.windows import cuts

WINDOW = WINDOW_SECONDS * SAMPLE_RATE


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return Dataset.open(write_long_speech(tmp_path_factory.mktemp("long")))


@pytest.fixture(scope="module")
def whisper() -> SpeechModel:
    return tiny_whisper()


def integers(dataset: Dataset, id: str) -> np.ndarray:
    """The samples of an utterance of `test`, int16."""
    (utterance,) = (each for each in dataset.split("test") if each.id == id)
    return (dataset.audio(utterance) * 32768).astype(np.int16)


def test_training_hears_neighbours_in_one_window(dataset: Dataset, whisper: SpeechModel) -> None:
    speech = Speech(whisper, dataset, "train", training=True)
    texts = ["one two", "three", "four five"]
    assert [labels.tolist() for labels in speech.labels] == [whisper.tokenizer.encode(text) for text in texts]
    first, second, third, *_ = dataset.split("train")
    together = np.concatenate([dataset.audio(first), dataset.audio(second)])
    np.testing.assert_array_equal(speech.audio(0).numpy(), together)
    np.testing.assert_array_equal(speech.audio(1).numpy(), dataset.audio(third))
    assert speech.seconds == [WINDOW_SECONDS] * 3  # what is computed


def test_a_batch_is_whole_windows_and_knows_where_speech_ends(dataset: Dataset, whisper: SpeechModel) -> None:
    batch = Speech(whisper, dataset, "train", training=True).batch([0, 1])
    assert batch.audio is not None
    assert batch.audio.shape == (2, WINDOW)
    assert batch.frames.tolist() == [round(50 * 1.5), round(50 * 0.7)]
    assert batch.seconds == 2 * WINDOW_SECONDS
    assert not batch.audio[1, round(0.7 * SAMPLE_RATE) :].any()


def test_cached_features_give_the_same_batches(dataset: Dataset, whisper: SpeechModel, tmp_path: Path) -> None:
    heard = Speech(whisper, dataset, "train", training=True)
    write_features(whisper.model, heard, tmp_path / "features", "key")
    cached = Speech(whisper, dataset, "train", Features(tmp_path / "features"), training=True)
    from_audio, from_cache = heard.batch([0, 2, 1]), cached.batch([0, 2, 1])
    for name in ("frames", "labels", "label_lengths"):
        assert torch.equal(getattr(from_audio, name), getattr(from_cache, name))
    assert from_audio.seconds == from_cache.seconds
    assert from_cache.features is not None
    assert from_cache.features.shape == (3, 50 * WINDOW_SECONDS, whisper.model.config.d_model)


def test_a_long_utterance_is_decoded_in_parts_under_its_id(dataset: Dataset, whisper: SpeechModel) -> None:
    speech = Speech(whisper, dataset, "test")
    assert [utterance.id for utterance in speech.utterances] == [LONG, LONG, LONG, "9-1-1", "9-1-2"]
    decoded = transcribe(whisper, speech, batch_seconds=2 * WINDOW_SECONDS)
    assert list(decoded.hypotheses) == list(TEST)
    samples = integers(dataset, LONG)
    parts = [transcribe_one(whisper, samples[part])[0] for part in cuts(samples, WINDOW)]
    assert len(parts) == 3
    assert len(set(parts)) > 1
    assert decoded.hypotheses[LONG] == " ".join(filter(None, parts)) == transcribe_one(whisper, samples)[0]


def test_audio_seconds_are_those_of_the_recordings_not_of_the_windows(dataset: Dataset, whisper: SpeechModel) -> None:
    decoded = transcribe(whisper, Speech(whisper, dataset, "test"), batch_seconds=8.0)
    assert decoded.audio_seconds == pytest.approx(sum(seconds for seconds, _ in TEST.values()))


def test_a_split_is_as_long_as_its_windows(dataset: Dataset, whisper: SpeechModel) -> None:
    """Batches hold as many windows as the seconds allow, however short the speech in them is."""
    speech = Speech(whisper, dataset, "train", training=True)
    assert [len(indices) for indices in speech.decoding_batches(2.0 * WINDOW_SECONDS)] == [2, 1]
    assert sum(speech.seconds) > sum(seconds for seconds, _ in TRAIN.values())
