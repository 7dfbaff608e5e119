"""Forward passes, from raw audio or from the cached output of a frozen front-end, as the model's family has them."""

from __future__ import annotations

import torch
from transformers import PreTrainedModel

from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.batch import Batch
from benchmark.models.output import Output


def front_end(model: PreTrainedModel, audio: torch.Tensor) -> torch.Tensor:
    """Output of the front-end, (batch, frames, channels), of normalised audio (batch, samples)."""
    return architecture_of(model).front_end(model, audio)


def frame_counts(model: PreTrainedModel, samples: torch.Tensor) -> torch.Tensor:
    """Frames (batch,) that the front-end makes of so many samples (batch,)."""
    return architecture_of(model).frame_counts(model, samples)


def frame_rate(model: PreTrainedModel) -> float:
    """Frames that the front-end makes of a second of audio: 50 for wav2vec 2.0 and HuBERT as published."""
    return architecture_of(model).frame_rate(model)


def forward(model: PreTrainedModel, batch: Batch, *, hidden_states: bool = False) -> Output:
    """Run a model over a batch; cached features and raw audio take the same path."""
    return architecture_of(model).forward(model, batch, hidden_states=hidden_states)
