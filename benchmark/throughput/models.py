"""What is timed: the embedded dense model, and full-size models of random weights by their published configurations."""

from __future__ import annotations

from collections.abc import Callable

import torch
from transformers import HubertConfig, HubertForCTC, Wav2Vec2Config, Wav2Vec2ForCTC

from benchmark.errors import UserError
from benchmark.models.checkpoints import CTCModel, load
from benchmark.models.vocabulary import Vocabulary
from benchmark.registry import suggestion
from benchmark.study import ROOT


def embedded() -> CTCModel:
    """The dense model of the default study."""
    return load(ROOT / "data" / "mini" / "model")


def wav2vec2_base() -> CTCModel:
    """facebook/wav2vec2-base-100h: the defaults of the configuration class are its published configuration."""
    vocabulary = Vocabulary.of_letters()
    return CTCModel(Wav2Vec2ForCTC(Wav2Vec2Config(vocab_size=len(vocabulary.tokens))), vocabulary)


def hubert_large() -> CTCModel:
    """facebook/hubert-large-ll60k, with the CTC head of 32 letters that fine-tuning gives it."""
    vocabulary = Vocabulary.of_letters()
    config = HubertConfig(
        vocab_size=len(vocabulary.tokens),
        hidden_size=1024,
        num_hidden_layers=24,
        num_attention_heads=16,
        intermediate_size=4096,
        conv_bias=True,
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
    )
    return CTCModel(HubertForCTC(config), vocabulary)


MODELS: dict[str, Callable[[], CTCModel]] = {
    "embedded": embedded,
    "wav2vec2-base": wav2vec2_base,
    "hubert-large": hubert_large,
}


def built(name: str) -> CTCModel:
    """A model by name, on the CPU; random weights are the same every time.

    Raises:
        UserError: there is no such model.
    """
    if name not in MODELS:
        raise UserError(f'unknown model "{name}"{suggestion(name, list(MODELS))}')
    torch.manual_seed(0)
    return MODELS[name]()
