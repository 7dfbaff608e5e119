"""Matrices of 8-bit integers as operations on integers in an ONNX graph, with exactly the integers of the model."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn
from torch.onnx import TensorProtoDataType
from transformers import PreTrainedModel

from benchmark.inference.onnx_graph import TOLERANCE, write_graph
from benchmark.models.encoder import Encoder
from benchmark.models.forms.quantised import INTEGERS, SCALES, Quantised
from benchmark.models.in_floats import in_floats


def write_own_graph(model: PreTrainedModel, recordings: list[torch.Tensor], path: Path) -> None:
    """Write a graph that computes in the numbers of the model: in integers where it has them, in floats elsewhere.

    Arguments and errors are those of `write_graph`. Where the model also rounds the inputs of a matrix, the graph has a
    scale for all of them where the model has one per frame. Then no difference between their logits is too large.
    """
    same = all(matrix.form.same_in_floats for matrix in Encoder(model))
    write_graph(in_integers(model), recordings, path, tolerance=TOLERANCE if same else math.inf)


def in_integers(model: PreTrainedModel) -> PreTrainedModel:
    """A model in floats, as `in_floats` returns it, whose matrices of 8-bit integers are such in its graph."""
    converted = in_floats(model)
    encoder = Encoder(converted)
    for matrix, place in zip(Encoder(model), encoder, strict=True):
        if isinstance(matrix.form, Quantised):
            encoder.put(place, _IntegerLinear(matrix.form))
    return converted


class _IntegerLinear(nn.Module):
    """A matrix that is computed in floats here, and in its graph from integers (inputs, outputs) and their scales."""

    bias: torch.Tensor | None

    def __init__(self, form: Quantised) -> None:
        super().__init__()
        stored = form.tensors()
        self.product = _ProductOfIntegers if form.kind == "dynamic" else _ProductWithIntegers
        self.register_buffer("integers", stored[INTEGERS].t())
        self.register_buffer("scales", stored[SCALES].flatten())
        self.register_buffer("bias", stored.get("bias"))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        product: torch.Tensor = self.product.apply(inputs, self.integers, self.scales)  # type: ignore[no-untyped-call]
        return product if self.bias is None else product + self.bias


class _ProductWithIntegers(torch.autograd.Function):
    """Inputs (..., inputs) times integers (inputs, outputs) times scales (outputs,). The graph multiplies floats."""

    @staticmethod
    def forward(_context: Any, inputs: torch.Tensor, integers: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
        return F.linear(inputs, (integers * scales).t())

    @staticmethod
    def symbolic(graph: Any, inputs: Any, integers: Any, scales: Any) -> Any:
        return graph.op("MatMul", inputs, graph.op("DequantizeLinear", integers, scales, axis_i=1))


class _ProductOfIntegers(_ProductWithIntegers):
    """The same. The graph rounds the inputs to 8 bits and multiplies integers.

    These are the operations that `onnxruntime.quantization.quantize_dynamic` writes, for which onnxruntime has kernels.
    It would round the weights a second time.
    """

    @staticmethod
    def symbolic(graph: Any, inputs: Any, integers: Any, scales: Any) -> Any:
        rounded, scale, zero = graph.op("DynamicQuantizeLinear", inputs, outputs=3)
        product = graph.op("Cast", graph.op("MatMulInteger", rounded, integers, zero), to_i=TensorProtoDataType.FLOAT)
        return graph.op("Mul", product, graph.op("Mul", scale, scales))
