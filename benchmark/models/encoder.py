"""The compressible parts of a model, under the same names for all architectures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import nn
from transformers import PreTrainedModel

from benchmark.models.architectures.architecture import Kind
from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.forms.form import Form
from benchmark.models.forms.lookup import form_of
from benchmark.models.units import Units


@dataclass(frozen=True)
class Matrix:
    """One Linear of the encoder whose weight (outputs x inputs) may be compressed; its bias is not counted."""

    layer: int
    kind: Kind
    linear: nn.Linear
    reads_tokens: bool = False  # its inputs are the tokens of a decoder, not the frames of the audio

    @property
    def name(self) -> str:
        """Short name such as `3.ffn_in`."""
        return f"{self.layer}.{self.kind}"

    @property
    def weight(self) -> torch.Tensor:
        """The weight as the forward pass sees it, parametrizations applied, factors multiplied."""
        return self.linear.weight

    @property
    def form(self) -> Form:
        """The matrix's form, which says what is stored and what counts."""
        return form_of(self.linear)


class Encoder:
    """The Transformer of a model: its encoder, and its decoder if it has one."""

    def __init__(self, model: PreTrainedModel) -> None:
        self.model, self.architecture = model, architecture_of(model)

    @property
    def stacks(self) -> list[nn.ModuleList]:
        """The layers in the order of the forward pass: the encoder's, and the decoder's if there is one."""
        return self.architecture.stacks(self.model)

    @property
    def layers(self) -> list[nn.Module]:
        """All Transformer layers in the order of the forward pass; a layer's place here is its index."""
        return [layer for stack in self.stacks for layer in stack]

    def arrange(self, orders: Sequence[Sequence[int]]) -> None:
        """Make the layers of each stack those with these indices; a repeated index makes two places share a layer."""
        self.architecture.arrange_layers(self.model, orders)

    @property
    def matrices(self) -> list[Matrix]:
        """The Linear weights of each layer: q, k, v, out, those of the cross-attention if any, FFN in, FFN out."""
        return [
            Matrix(index, kind, cast(nn.Linear, layer.get_submodule(path)), self.architecture.reads_tokens(layer, kind))
            for index, layer in enumerate(self.layers)
            for kind, path in self.architecture.paths(layer).items()
        ]

    def put(self, matrix: Matrix, module: nn.Module) -> None:
        """Put a module of any form in the place of a matrix's module."""
        layer = self.layers[matrix.layer]
        layer.set_submodule(self.architecture.paths(layer)[matrix.kind], module)

    @property
    def heads(self) -> list[Units]:
        """The attention heads of each layer, one entry per attention."""
        return [units for index, layer in enumerate(self.layers) for units in self.architecture.heads(index, layer)]

    @property
    def neurons(self) -> list[Units]:
        """The FFN neurons of each layer."""
        return [self.architecture.neurons(index, layer) for index, layer in enumerate(self.layers)]

    @property
    def units(self) -> list[Units]:
        """The heads of each layer, then the neurons of each layer."""
        return [*self.heads, *self.neurons]

    @property
    def parameters(self) -> int:
        """Weights in `matrices`: 84,934,656 for wav2vec2-base."""
        return sum(matrix.linear.weight.numel() for matrix in self.matrices)

    def __iter__(self) -> Iterator[Matrix]:
        return iter(self.matrices)
