"""The part of a model that one stage of a pipeline holds: some layers, and what stands before or behind them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import nn

from benchmark.models.architectures.convolutional import parts
from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.batch import Batch
from benchmark.models.checkpoints import SpeechModel
from benchmark.models.encoder import Encoder
from benchmark.models.forward import forward, frame_counts
from benchmark.models.output import first
from benchmark.toolbox.lossy_codes import Shape
from benchmark.toolbox.pipeline_cuts import cut_layers


class _Left(Exception):
    """Carries the hidden states out of the model's forward behind the stage's last layer."""

    def __init__(self, hidden: torch.Tensor) -> None:
        super().__init__()
        self.hidden = hidden


class _Blank(nn.Module):
    """Stands where another stage computes: zeros of the right shape, which nothing reads."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Zeros (batch, frames, width)."""
        return inputs.new_zeros(*inputs.shape[:2], self.width)


class Part(nn.Module):
    """One stage's part of a model. It runs the model's own forward, from the stage's first layer to its last.

    Attributes:
        batches: the micro-batches of the current step.
    """

    def __init__(self, speech_model: SpeechModel, index: int, stages: int) -> None:
        super().__init__()
        model, self._tokenizer = speech_model.model, speech_model.tokenizer
        self.width: int = model.config.hidden_size
        self.is_first, self.is_last = index == 0, index == stages - 1
        bounds = [0, *cut_layers(model, stages), len(Encoder(model).layers)]
        Encoder(model).arrange([range(bounds[index], bounds[index + 1])])
        below: Any = parts(model)
        if not self.is_first:
            below.feature_extractor = nn.Identity()
            below.feature_projection = below.encoder.pos_conv_embed = _Blank(self.width)
        if not self.is_last:
            model.lm_head = nn.Identity()
        self.model = model
        self.batches: list[Batch] = []

    def forward(self, hidden: torch.Tensor | None = None, *, number: torch.Tensor) -> torch.Tensor:
        """The hidden states behind the stage's last layer; for the last stage, its share of the step's loss.

        Args:
            hidden: hidden states (utterances, frames, width) before the stage's first layer; None for the first stage.
            number: which micro-batch it is.
        """
        batch, layers = self.batches[int(number)], Encoder(self.model).layers
        hooks = []
        if hidden is not None:
            batch = self._without_speech(batch)
            hooks.append(layers[0].register_forward_pre_hook(lambda _layer, args: (hidden, *args[1:])))
        if not self.is_last:
            hooks.append(layers[-1].register_forward_hook(_leave))
        try:
            output = forward(self.model, batch)
        except _Left as left:
            return left.hidden
        finally:
            for hook in hooks:
                hook.remove()
        return architecture_of(self.model).loss(output, batch, self._tokenizer) / len(self.batches)

    def shape(self, number: int) -> Shape:
        """Shape of a micro-batch's hidden states."""
        batch = self.batches[number]
        return len(batch.frames), self._frames(batch), self.width

    def _frames(self, batch: Batch) -> int:
        """Frames of the longest utterance."""
        if batch.features is not None:
            return batch.features.shape[1]
        assert batch.audio is not None
        return int(frame_counts(self.model, torch.tensor(batch.audio.shape[1])))

    def _without_speech(self, batch: Batch) -> Batch:
        """The batch for a stage that hears no speech, only how long it is."""
        silence = torch.zeros(len(batch.frames), self._frames(batch), 0, device=batch.frames.device)
        return replace(batch, audio=None, features=silence)


def _leave(_layer: nn.Module, _args: Any, output: Any) -> None:
    raise _Left(first(output))
