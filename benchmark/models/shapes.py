"""Shapes that transformers' config does not hold: heads and neurons of each layer, ranks of factorised matrices."""

from __future__ import annotations

import torch
from transformers import PreTrainedModel
from typing_extensions import TypedDict

from benchmark.models.architectures.architecture import Kind
from benchmark.models.encoder import Encoder, Matrix
from benchmark.models.forms.factorised import LowRankLinear
from benchmark.system.validated import AtLeastOne


class LayerShape(TypedDict):
    """The shape of one Transformer layer; `ranks` names only matrices that are factorised."""

    heads: AtLeastOne
    neurons: AtLeastOne
    ranks: dict[Kind, AtLeastOne]


def layer_shapes(model: PreTrainedModel) -> list[LayerShape]:
    """The current shape of every layer."""
    encoder = Encoder(model)
    ranks: list[dict[Kind, int]] = [{} for _ in encoder.layers]
    for matrix in encoder:
        if (rank := matrix.form.rank) is not None:
            ranks[matrix.layer][matrix.kind] = rank
    return [
        {"heads": heads.count, "neurons": neurons.count, "ranks": rank}
        for heads, neurons, rank in zip(encoder.heads, encoder.neurons, ranks, strict=True)
    ]


def reshape(model: PreTrainedModel, shapes: list[LayerShape]) -> None:
    """Cut a model of its config's shape to these shapes, without factorising; its weights become meaningless."""
    encoder = Encoder(model)
    encoder.arrange(range(len(shapes)))
    for heads, neurons, shape in zip(encoder.heads, encoder.neurons, shapes, strict=True):
        heads.cut(torch.arange(heads.count) < shape["heads"])
        neurons.cut(torch.arange(neurons.count) < shape["neurons"])


def factorise(model: PreTrainedModel, matrix: Matrix, rank: int) -> LowRankLinear:
    """Put a LowRankLinear with random weights and the same bias in place of one of a model's matrices."""
    encoder = Encoder(model)
    thin = LowRankLinear.like(matrix.linear, rank)
    encoder.layers[matrix.layer].set_submodule(encoder.architecture.paths[matrix.kind], thin)
    return thin
