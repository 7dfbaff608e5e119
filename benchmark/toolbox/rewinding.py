"""Rewinding of a pruned model, as lottery tickets do after each round."""

from __future__ import annotations

import torch
from transformers import PreTrainedModel

from benchmark.models.encoder import Encoder
from benchmark.training.masked_weights import MaskedWeights, Masks


def rewind(model: PreTrainedModel, start: dict[str, torch.Tensor], masks: Masks) -> None:
    """Reset every parameter to its value at the start, and pruned weights to zero."""
    model.load_state_dict(start)
    MaskedWeights(Encoder(model), masks).apply_masks()
