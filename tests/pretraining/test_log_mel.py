"""The front-end's first lesson: log-mel energies of the audio under each frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.corpora.manifest import Dataset
from benchmark.models.checkpoints import SpeechModel
from benchmark.models.forward import front_end
from benchmark.pretraining.log_mel import MELS, LogMelHead
from benchmark.training.features import Features, write_features
from benchmark.training.speech import Speech


def test_a_click_is_loudest_in_the_frame_that_hears_it() -> None:
    audio = torch.zeros(1, 16_000)
    audio[0, 8_000] = 100.0  # frame 24 spans samples 7,680 to 8,079
    targets = LogMelHead(8).targets(audio, frames=49)
    assert targets.shape == (1, 49, 2 * MELS)
    loudness = targets.sum(-1)[0]
    assert int(loudness.argmax()) == 24
    assert (loudness[torch.arange(49) != 24] < 0).all()


def test_predicting_the_mean_costs_one(tiny: SpeechModel, tiny_corpus: Path) -> None:
    batch = Speech(tiny, Dataset.open(tiny_corpus), "test").batch([0])
    head = LogMelHead(8)
    torch.nn.init.zeros_(head.linear.weight)
    torch.nn.init.zeros_(head.linear.bias)
    assert head.loss(tiny.model, batch).item() == pytest.approx(1.0, abs=0.05)


def test_cached_features_are_the_front_end_at_every_speed(tiny: SpeechModel, tiny_corpus: Path, tmp_path: Path) -> None:
    speech = Speech(tiny, Dataset.open(tiny_corpus), "test")
    write_features(tiny.model, speech, tmp_path / "features", "key", speeds=(1.0, 1.1))
    features = Features(tmp_path / "features")
    for speed in (1.0, 1.1):
        for index in (0, 5):
            with torch.inference_mode():
                expected = front_end(tiny.model, speech.audio(index, speed)[None])[0].numpy()
            np.testing.assert_allclose(features(index, speed), expected, atol=2e-3)
    assert len(features(0, 1.1)) < len(features(0))
    cached = Speech(tiny, Dataset.open(tiny_corpus), "test", features).batch([0, 1], 1.1)
    assert cached.features is not None
    assert cached.frames.tolist() == [len(features(0, 1.1)), len(features(1, 1.1))]
