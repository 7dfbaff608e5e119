"""Forward passes, from raw audio or from the cached output of a frozen CNN front-end."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.hooks import RemovableHandle
from transformers import PreTrainedModel

from benchmark.corpora.manifest import SAMPLE_RATE
from benchmark.models.batch import Batch


@dataclass
class Output:
    """What a forward pass gives.

    `logits` (batch, frames, vocabulary); `frames` (batch,) valid frames of each utterance; `hidden_states`: input
    of the first Transformer layer and output of every layer, each (batch, frames, width), empty unless asked for.
    """

    logits: torch.Tensor
    frames: torch.Tensor
    hidden_states: tuple[torch.Tensor, ...] = ()

    @property
    def valid(self) -> torch.Tensor:
        """Mask (batch, frames), true where a frame is not padding."""
        positions = torch.arange(self.logits.shape[1], device=self.logits.device)
        return positions < self.frames[:, None]


def uses_attention_mask(model: PreTrainedModel) -> bool:
    """Models whose front-end has layer norm are trained with an attention mask, those with group norm without."""
    return bool(model.config.feat_extract_norm == "layer")


def parts(model: PreTrainedModel) -> Any:
    """The model below the CTC head. `Wav2Vec2Model` and `HubertModel` name their parts alike, but share no class."""
    return model.base_model


def front_end(model: PreTrainedModel, audio: torch.Tensor) -> torch.Tensor:
    """Output of the CNN front-end, (batch, frames, channels), of normalised audio (batch, samples)."""
    features: torch.Tensor = parts(model).feature_extractor(audio)
    return features.transpose(1, 2)


def frame_counts(model: PreTrainedModel, samples: torch.Tensor) -> torch.Tensor:
    """Frames that the front-end makes of so many samples."""
    counts: torch.Tensor = cast(Any, model)._get_feat_extract_output_lengths(samples)
    return counts.long()


def frame_rate(model: PreTrainedModel) -> float:
    """Frames that the front-end makes of a second of audio: 50 for wav2vec 2.0 and HuBERT as published."""
    return float(SAMPLE_RATE / math.prod(model.config.conv_stride))


def forward(model: PreTrainedModel, batch: Batch, *, hidden_states: bool = False) -> Output:
    """Run a CTC model over a batch.

    Follows `Wav2Vec2Model.forward` and `HubertModel.forward` of transformers, from the front-end's output on, so
    that cached features and raw audio take the same path.
    """
    base = parts(model)
    features = batch.features
    if features is None:
        assert batch.audio is not None
        features = front_end(model, batch.audio)
    projected = base.feature_projection(features)
    if isinstance(projected, tuple):  # wav2vec 2.0 also returns the normalised features
        projected = projected[0]
    mask = None
    if uses_attention_mask(model):
        positions = torch.arange(projected.shape[1], device=projected.device)
        mask = positions < batch.frames[:, None]
    projected = base._mask_hidden_states(projected, attention_mask=mask)  # SpecAugment, where the config has it
    with recorded_layers(base.encoder if hidden_states else None) as states:
        encoded = base.encoder(projected, attention_mask=mask)
    head: Any = model
    logits = head.lm_head(head.dropout(encoded.last_hidden_state))
    return Output(logits, batch.frames, tuple(states))


@contextmanager
def recorded_layers(encoder: nn.Module | None) -> Iterator[list[torch.Tensor]]:
    """Collect the input of the first Transformer layer and the output of each; nothing when `encoder` is None."""
    states: list[torch.Tensor] = []
    handles: list[RemovableHandle] = []
    if encoder is not None:
        layers = cast(nn.ModuleList, encoder.layers)
        handles.append(layers[0].register_forward_pre_hook(lambda _layer, args: states.append(args[0])))
        for layer in layers:
            handles.append(layer.register_forward_hook(lambda _layer, _args, output: states.append(first(output))))
    try:
        yield states
    finally:
        for handle in handles:
            handle.remove()


def first(output: torch.Tensor | tuple[torch.Tensor, ...]) -> torch.Tensor:
    """A layer's hidden state, whether it returns it alone or in a tuple."""
    return output[0] if isinstance(output, tuple) else output


def ctc_loss(output: Output, batch: Batch, blank: int) -> torch.Tensor:
    """CTC loss summed over an utterance, averaged over the utterances of the batch, in nats."""
    log_probs = F.log_softmax(output.logits.float(), dim=-1).transpose(0, 1)
    losses = F.ctc_loss(
        log_probs, batch.labels, output.frames, batch.label_lengths, blank=blank, reduction="none", zero_infinity=True
    )
    return losses.mean()
