"""Dropout, LayerDrop and SpecAugment of a model, set explicitly."""

from __future__ import annotations

from transformers import PreTrainedModel

from benchmark.models.architectures.lookup import architecture_of


def regularise(model: PreTrainedModel, *, dropout: float, spec_augment: bool) -> None:
    """Set every dropout of the Transformer and SpecAugment; LayerDrop is always off."""
    architecture_of(model).regularise(model, dropout=dropout, spec_augment=spec_augment)
