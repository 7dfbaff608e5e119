"""Recordings of the embedded corpus, on which an exported graph is checked."""

from __future__ import annotations

import numpy as np
import torch

from benchmark.corpora import mini
from benchmark.corpora.audio import decode
from benchmark.corpora.choice import CorpusConfig
from benchmark.export.model_lineage import EMBEDDED
from benchmark.models.checkpoints import SpeechModel
from benchmark.training.speech import normalised

LOOKED_AT = 10  # number of recordings from which the shortest and the longest are taken


def short_and_long(speech_model: SpeechModel) -> list[torch.Tensor]:
    """A short and a long recording, each (samples,), normalised as the model expects."""
    corpus = CorpusConfig("mini", "train", "dev", ("test-clean",), root=EMBEDDED)
    waves = []
    for recording, _ in zip(mini.recordings(corpus, corpus.dev), range(LOOKED_AT), strict=False):
        assert recording.audio is not None
        audio = torch.from_numpy(decode(recording.audio, recording.source).astype(np.float32) / 32768)
        waves.append(normalised(audio) if speech_model.normalise_audio else audio)
    return [min(waves, key=len), max(waves, key=len)]
