"""Dropout, LayerDrop and SpecAugment of a model, set explicitly."""

from __future__ import annotations

from torch import nn
from transformers import PreTrainedModel

from benchmark.models.encoder import Encoder


def regularise(model: PreTrainedModel, *, dropout: float, spec_augment: bool) -> None:
    """Set every dropout of the Transformer and SpecAugment; LayerDrop is always off."""
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = dropout
    for layer in Encoder(model).layers:
        layer.attention.dropout = dropout  # type: ignore[union-attr]
    model.config.layerdrop = 0.0
    model.config.apply_spec_augment = spec_augment
