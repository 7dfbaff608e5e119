"""A small wav2vec 2.0 CTC model with random weights, for training from scratch."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from transformers import Wav2Vec2Config, Wav2Vec2ForCTC

from benchmark.models.checkpoints import CTCModel
from benchmark.models.vocabulary import BLANK, Vocabulary


@dataclass(frozen=True)
class Architecture:
    """Shape of a pre-LN wav2vec 2.0 with layer norm in the front-end, the kind that trains from scratch."""

    channels: int = 96
    layers: int = 4
    width: int = 192
    ffn_width: int = 768
    heads: int = 4
    positional_kernel: int = 32
    dropout: float = 0.1


def fresh_model(architecture: Architecture, seed: int) -> CTCModel:
    """Build `Wav2Vec2ForCTC` with random weights."""
    vocabulary = Vocabulary.of_letters()
    a = architecture
    torch.manual_seed(seed)
    model = Wav2Vec2ForCTC(
        Wav2Vec2Config(
            vocab_size=len(vocabulary.tokens),
            pad_token_id=vocabulary.tokens[BLANK],
            hidden_size=a.width,
            num_hidden_layers=a.layers,
            num_attention_heads=a.heads,
            intermediate_size=a.ffn_width,
            conv_dim=(a.channels,) * 7,
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
            ctc_loss_reduction="sum",
        )
    )
    return CTCModel(model, vocabulary)
