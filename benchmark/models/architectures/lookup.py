"""Finds the architecture class of a model."""

from __future__ import annotations

from typing import Any

from transformers import PreTrainedModel

from benchmark.models.architectures.architecture import Architecture
from benchmark.models.architectures.data2vec_audio import Data2VecAudio
from benchmark.models.architectures.hubert import Hubert
from benchmark.models.architectures.sizes import sizes_of
from benchmark.models.architectures.wav2vec2 import Wav2Vec2
from benchmark.models.architectures.wavlm import WavLM
from benchmark.models.architectures.whisper import Whisper

ARCHITECTURES: dict[str, Architecture[Any]] = {
    architecture.sizes.model_type: architecture
    for architecture in (Wav2Vec2(), Hubert(), WavLM(), Data2VecAudio(), Whisper())
}


def architecture_of(model: PreTrainedModel) -> Architecture[Any]:
    """The architecture of a model.

    Raises:
        UserError: it is not supported.
    """
    return architecture_named(model.config.model_type, type(model).__name__)


def architecture_named(model_type: str, where: str) -> Architecture[Any]:
    """The architecture that has this `model_type` in its config.

    Args:
        model_type: the name in the config.
        where: the model or file that names it, for the message.

    Raises:
        UserError: it is not supported.
    """
    return ARCHITECTURES[sizes_of(model_type, where).model_type]
