"""Small models of every architecture, with random weights, and the twins of CTC models of plain transformers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tiny_whisper import write_tiny_whisper
from torch import nn
from transformers import AutoConfig, AutoModelForCTC, PreTrainedConfig, PreTrainedModel

from benchmark.models.architectures.lookup import ARCHITECTURES
from benchmark.models.checkpoints import SpeechModel, save_dense
from benchmark.models.vocabulary import BLANK, Vocabulary

LETTERS = Vocabulary.of_letters()
SHAPE: dict[str, Any] = {  # of a config of any architecture
    "vocab_size": len(LETTERS.tokens),
    "pad_token_id": LETTERS.tokens[BLANK],
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "conv_dim": (8,) * 7,
    "num_conv_pos_embedding_groups": 4,
}
GROUP = {"num_conv_pos_embeddings": 8, "feat_extract_norm": "group", "do_stable_layer_norm": False}
LAYER = GROUP | {"feat_extract_norm": "layer", "do_stable_layer_norm": True}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {  # post- and pre-LN where a family has both
    "wav2vec2": ("wav2vec2", GROUP),
    "wav2vec2-pre-LN": ("wav2vec2", LAYER),
    "hubert": ("hubert", GROUP),
    "hubert-pre-LN": ("hubert", LAYER),
    "wavlm": ("wavlm", GROUP),
    "wavlm-pre-LN": ("wavlm", LAYER),
    "data2vec-audio": ("data2vec-audio", {"num_conv_pos_embeddings": 3, "conv_pos_kernel_size": 5}),
}


def small_model(kind: str, **changes: Any) -> PreTrainedModel:
    """A small model of one of `KINDS` in evaluation mode; biases and what gates positions are drawn too."""
    model_type, differences = KINDS[kind]
    config: PreTrainedConfig = AutoConfig.for_model(model_type, **(SHAPE | differences | changes))
    torch.manual_seed(0)
    model = ARCHITECTURES[model_type].build(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias") or "gru_rel_pos" in name or "rel_attn" in name:
                parameter.normal_(std=0.5)
    nn.Module.eval(model)
    return model


def plain_twin(model: PreTrainedModel) -> PreTrainedModel:
    """The same weights in the model that transformers builds."""
    twin: PreTrainedModel = AutoModelForCTC.from_config(model.config)
    twin.load_state_dict(model.state_dict())
    nn.Module.eval(twin)
    return twin


def write_tiny_model(kind: str, folder: Path) -> Path:
    """Write a dense model that jobs can start from: three layers per stack, no LayerDrop, as studies train."""
    if kind == "whisper":
        return write_tiny_whisper(folder, encoder_layers=3, decoder_layers=3)
    shape = {"num_hidden_layers": 3, "num_attention_heads": 2, "intermediate_size": 128, "layerdrop": 0.0}
    save_dense(SpeechModel(small_model(kind, **shape), LETTERS), folder)
    return folder
