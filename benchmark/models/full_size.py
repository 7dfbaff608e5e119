"""The published architectures with random weights, for sizes, memory and speed without the published weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from transformers import Data2VecAudioConfig, HubertConfig, PreTrainedConfig, Wav2Vec2Config, WavLMConfig

from benchmark.models.architectures.lookup import architecture_named
from benchmark.models.checkpoints import SpeechModel
from benchmark.models.vocabulary import BLANK, Vocabulary

VOCABULARY = Vocabulary.of_letters(upper_case=True)
LABELS: dict[str, Any] = {"vocab_size": len(VOCABULARY.tokens), "pad_token_id": VOCABULARY.tokens[BLANK]}


def wav2vec2_base() -> SpeechModel:
    """facebook/wav2vec2-base-100h: 94,396,320 parameters. The defaults of its configuration class are its values."""
    return _built(Wav2Vec2Config(**LABELS))


def hubert_large() -> SpeechModel:
    """facebook/hubert-large-ll60k with a CTC head: 315,471,520 parameters."""
    config = HubertConfig(
        hidden_size=1024,
        num_hidden_layers=24,
        num_attention_heads=16,
        intermediate_size=4096,
        conv_bias=True,
        do_stable_layer_norm=True,
        feat_extract_norm="layer",
        **LABELS,
    )
    return _built(config)


def wavlm_base() -> SpeechModel:
    """microsoft/wavlm-base with a CTC head: 94,406,544 parameters. The defaults of its configuration are its values."""
    return _built(WavLMConfig(**LABELS))


def data2vec_audio_base() -> SpeechModel:
    """facebook/data2vec-audio-base with a CTC head: 93,188,896 parameters. The defaults are its values."""
    return _built(Data2VecAudioConfig(**LABELS))


def _built(config: PreTrainedConfig) -> SpeechModel:
    torch.manual_seed(0)
    return SpeechModel(architecture_named(config.model_type, "a published model").build(config), VOCABULARY)


FULL_SIZE: dict[str, Callable[[], SpeechModel]] = {
    "wav2vec2-base": wav2vec2_base,
    "hubert-large": hubert_large,
    "wavlm-base": wavlm_base,
    "data2vec-audio-base": data2vec_audio_base,
}
