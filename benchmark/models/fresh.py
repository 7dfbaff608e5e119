"""A small wav2vec 2.0 CTC model with random weights, for training from scratch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from transformers import Wav2Vec2Config, Wav2Vec2ForCTC

from benchmark.models.checkpoints import SpeechModel
from benchmark.models.vocabulary import BLANK, Vocabulary

KERNELS, STRIDES = (10, 3, 3, 3, 3, 2, 2), (5, 2, 2, 2, 2, 2, 2)  # the front-end of wav2vec 2.0: 50 frames per second

LETTERS = Vocabulary.of_letters()  # that the model writes


@dataclass(frozen=True)
class Architecture:
    """Shape of a pre-LN wav2vec 2.0 with layer norm in the front-end, which can be trained from scratch.

    The front-end has the seven convolutions of wav2vec 2.0, followed by one with `context_kernel` and
    `context_channels` for each of `context_strides`.
    """

    channels: int = 96
    context_channels: int = 192
    context_kernel: int = 5
    context_strides: Sequence[int] = ()
    layers: int = 4
    width: int = 192
    ffn_width: int = 768
    heads: int = 4
    positional_kernel: int = 32
    dropout: float = 0.1


def fresh_model(architecture: Architecture, seed: int) -> SpeechModel:
    """Build `Wav2Vec2ForCTC` with random weights."""
    a, context = architecture, len(architecture.context_strides)
    torch.manual_seed(seed)
    model = Wav2Vec2ForCTC(
        Wav2Vec2Config(
            vocab_size=len(LETTERS.tokens),
            pad_token_id=LETTERS.tokens[BLANK],
            hidden_size=a.width,
            num_hidden_layers=a.layers,
            num_attention_heads=a.heads,
            intermediate_size=a.ffn_width,
            conv_dim=(a.channels,) * len(KERNELS) + (a.context_channels,) * context,
            conv_kernel=KERNELS + (a.context_kernel,) * context,
            conv_stride=STRIDES + tuple(a.context_strides),
            feat_extract_norm="layer",
            conv_bias=True,
            do_stable_layer_norm=True,
            num_conv_pos_embeddings=a.positional_kernel,
            hidden_dropout=a.dropout,
            attention_dropout=a.dropout,
            activation_dropout=a.dropout,
            feat_proj_dropout=0.0,
            final_dropout=a.dropout,
            layerdrop=0.0,
            apply_spec_augment=False,
            mask_time_prob=0.1,
            mask_time_length=10 // math.prod(a.context_strides),  # 0.2 s
            mask_feature_prob=0.1,
            mask_feature_length=a.width // 12,
            ctc_loss_reduction="sum",
        )
    )
    return SpeechModel(model, LETTERS)
