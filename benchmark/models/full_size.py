"""The published architectures with random weights: for sizes, memory and speed where the weights cannot be had."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from transformers import HubertConfig, HubertForCTC, Wav2Vec2Config, Wav2Vec2ForCTC

from benchmark.models.checkpoints import SpeechModel
from benchmark.models.vocabulary import BLANK, Vocabulary


def wav2vec2_base() -> SpeechModel:
    """facebook/wav2vec2-base-100h: 94,396,320 parameters. The defaults of its configuration class are its values."""
    vocabulary = Vocabulary.of_letters(upper_case=True)
    torch.manual_seed(0)
    return SpeechModel(Wav2Vec2ForCTC(Wav2Vec2Config(**_labels(vocabulary))), vocabulary)


def hubert_large() -> SpeechModel:
    """facebook/hubert-large-ll60k with a CTC head: 315,471,520 parameters."""
    vocabulary = Vocabulary.of_letters(upper_case=True)
    torch.manual_seed(0)
    config = HubertConfig(
        hidden_size=1024,
        num_hidden_layers=24,
        num_attention_heads=16,
        intermediate_size=4096,
        conv_bias=True,
        do_stable_layer_norm=True,
        feat_extract_norm="layer",
        **_labels(vocabulary),
    )
    return SpeechModel(HubertForCTC(config), vocabulary)


def _labels(vocabulary: Vocabulary) -> dict[str, Any]:
    return {"vocab_size": len(vocabulary.tokens), "pad_token_id": vocabulary.tokens[BLANK]}


FULL_SIZE: dict[str, Callable[[], SpeechModel]] = {"wav2vec2-base": wav2vec2_base, "hubert-large": hubert_large}
