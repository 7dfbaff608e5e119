"""The output of a forward pass, and the recording of its hidden states."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle


@dataclass
class Output:
    """The output of a forward pass.

    `logits` (batch, positions, vocabulary): a position is a frame, or a token of a decoder; `lengths` (batch,): valid
    positions of each utterance; `hidden_states`: input of the encoder's first layer and output of every layer, each
    (batch, frames, width), empty unless asked for.
    """

    logits: torch.Tensor
    lengths: torch.Tensor
    hidden_states: tuple[torch.Tensor, ...] = ()

    @property
    def valid(self) -> torch.Tensor:
        """Mask (batch, positions), true where a position is not padding."""
        positions = torch.arange(self.logits.shape[1], device=self.logits.device)
        return positions < self.lengths[:, None]


@contextmanager
def recorded_layers(layers: nn.ModuleList | None) -> Iterator[list[torch.Tensor]]:
    """Collect the input of the first of these layers and the output of each; nothing when `layers` is None."""
    states: list[torch.Tensor] = []
    handles: list[RemovableHandle] = []
    if layers is not None:
        handles.append(layers[0].register_forward_pre_hook(lambda _layer, args: states.append(args[0])))
        for layer in layers:
            handles.append(layer.register_forward_hook(lambda _layer, _args, output: states.append(first(output))))
    try:
        yield states
    finally:
        for handle in handles:
            handle.remove()


def first(output: torch.Tensor | tuple[torch.Tensor, ...]) -> torch.Tensor:
    """The hidden state that a module returns, alone or first in a tuple."""
    return output[0] if isinstance(output, tuple) else output
