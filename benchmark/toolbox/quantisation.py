"""Rounding to 8-bit integers, and training for it with gradients that pass straight through the rounding.

Jacob et al., CVPR 2018, arXiv 1712.05877, section 3, with torchao's scales of current values, not running ranges.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torchao.quantization import Int8Tensor, PerRow
from transformers import PreTrainedModel

from benchmark.models.encoder import Encoder
from benchmark.models.forms.quantised import Kind, quantise_linear
from benchmark.models.gating import add_gates, remove_gates
from benchmark.models.sharing import shared_parameters, tie
from benchmark.toolbox.straight_through import straight_through


def quantise(model: PreTrainedModel, kind: Kind) -> None:
    """Round every encoder matrix to integers; weights that layers share stay shared.

    Args:
        model: a model of floats.
        kind: `dynamic` also rounds the inputs of a matrix, frame by frame.
    """
    shared = shared_parameters(model)
    for linear in {matrix.linear for matrix in Encoder(model)}:
        quantise_linear(linear, kind)
    tie(model, shared)


def fake_quantize(values: torch.Tensor) -> torch.Tensor:
    """`values` rounded to 8 bits with a scale per row; gradients pass through unchanged.

    Args:
        values: (..., width): a weight with one row per output, or a matrix's inputs with one row per frame.
    """
    nearest: torch.Tensor = Int8Tensor.from_hp(values.detach(), PerRow()).dequantize()
    return straight_through(nearest, values)


class FakeQuantize(nn.Module):
    """A gate that rounds a weight to 8 bits."""

    def forward(self, weight: torch.Tensor) -> torch.Tensor:  # noqa: D102
        return fake_quantize(weight)


@contextmanager
def fake_quantized(model: PreTrainedModel, kind: Kind) -> Iterator[None]:
    """In this context, the model computes with the values that `quantise` would give it, and its floats are trained."""
    matrices = Encoder(model).matrices
    add_gates(matrices, lambda _weight: FakeQuantize())
    hooks = [matrix.linear.register_forward_pre_hook(_fake_quantize_inputs) for matrix in matrices if kind == "dynamic"]
    yield  # an error leaves the rounding on: `benchmark.throughput` raises one to get the training out of here
    for hook in hooks:
        hook.remove()
    remove_gates(matrices, apply=False)


def _fake_quantize_inputs(_linear: nn.Module, inputs: tuple[Any, ...]) -> tuple[torch.Tensor]:
    return (fake_quantize(inputs[0]),)
