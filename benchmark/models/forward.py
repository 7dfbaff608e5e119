"""Forward passes of any family's models, from raw audio or from the cached output of a frozen front-end."""

from __future__ import annotations

import torch
from transformers import PreTrainedModel

from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.batch import Batch
from benchmark.models.output import Output


def front_end(model: PreTrainedModel, audio: torch.Tensor) -> torch.Tensor:
    """The front-end's output (batch, frames, channels) for normalised audio (batch, samples)."""
    return architecture_of(model).front_end(model, audio)


def frame_counts(model: PreTrainedModel, samples: torch.Tensor) -> torch.Tensor:
    """Numbers of frames (batch,) that the front-end makes from these numbers of samples (batch,)."""
    return architecture_of(model).frame_counts(model, samples)


def frame_rate(model: PreTrainedModel) -> float:
    """Frames that the front-end makes per second of audio: 50 for wav2vec 2.0 and HuBERT as published."""
    return architecture_of(model).frame_rate(model)


def forward(model: PreTrainedModel, batch: Batch, *, hidden_states: bool = False) -> Output:
    """Run a model over a batch; cached features and raw audio take the same path."""
    return architecture_of(model).forward(model, batch, hidden_states=hidden_states)
