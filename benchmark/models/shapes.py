"""Shapes that transformers' config does not hold: heads and neurons of each layer, ranks of factorised matrices."""

from __future__ import annotations

from typing import NotRequired, cast

import torch
from transformers import PreTrainedModel
from typing_extensions import TypedDict

from benchmark.models.architectures.architecture import Kind
from benchmark.models.encoder import Encoder, Matrix
from benchmark.models.forms.factorised import LowRankLinear
from benchmark.system.validated import AtLeastOne


class LayerShape(TypedDict):
    """The shape of one Transformer layer.

    Only a decoder's layer has `cross_heads`; `ranks` names only matrices that are factorised.
    """

    heads: AtLeastOne
    cross_heads: NotRequired[AtLeastOne]
    neurons: AtLeastOne
    ranks: dict[Kind, AtLeastOne]


def layer_shapes(model: PreTrainedModel) -> list[LayerShape]:
    """The current shape of every layer."""
    encoder = Encoder(model)
    ranks: list[dict[Kind, int]] = [{} for _ in encoder.layers]
    for matrix in encoder:
        if (rank := matrix.form.rank) is not None:
            ranks[matrix.layer][matrix.kind] = rank
    shapes = [{"ranks": rank} for rank in ranks]
    for units in encoder.units:
        shapes[units.layer][units.kind] = units.count  # type: ignore[assignment]
    return cast(list[LayerShape], shapes)


def reshape(model: PreTrainedModel, shapes: list[LayerShape]) -> None:
    """Cut a model of its config's shape to these shapes, without factorising; its weights become meaningless."""
    encoder = Encoder(model)
    for units in encoder.units:
        units.cut(torch.arange(units.count) < shapes[units.layer][units.kind])


def factorise(model: PreTrainedModel, matrix: Matrix, rank: int) -> LowRankLinear:
    """Put a LowRankLinear with random weights and the same bias in place of one of a model's matrices."""
    thin = LowRankLinear.like(matrix.linear, rank)
    Encoder(model).put(matrix, thin)
    return thin
