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
    """The Transformer encoder of a model."""

    def __init__(self, model: PreTrainedModel) -> None:
        self.model, self.architecture = model, architecture_of(model)

    @property
    def module(self) -> nn.Module:
        """The encoder itself: positions, layers and final layer norm."""
        return self.architecture.encoder(self.model)

    @property
    def layers(self) -> Sequence[nn.Module]:
        """The Transformer layers; `arrange` changes which there are."""
        return self.architecture.layers(self.model)

    def arrange(self, order: Sequence[int]) -> None:
        """Make the layers those with these indices, in this order; a repeated index makes two places share a layer."""
        self.architecture.arrange_layers(self.model, order)

    @property
    def matrices(self) -> list[Matrix]:
        """The six Linear weights of each layer: q, k, v, out, FFN in, FFN out."""
        return [
            Matrix(index, kind, cast(nn.Linear, layer.get_submodule(path)))
            for index, layer in enumerate(self.layers)
            for kind, path in self.architecture.paths.items()
        ]

    @property
    def heads(self) -> list[Units]:
        """The attention heads of each layer."""
        return [self.architecture.heads(index, layer) for index, layer in enumerate(self.layers)]

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
