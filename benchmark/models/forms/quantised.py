"""Encoder matrices in 8-bit integers, by torchao: a scale for every output, symmetric."""

from __future__ import annotations

import copy
from typing import Literal

import torch
from torch import nn
from torchao.quantization import (
    Int8DynamicActivationInt8WeightConfig,
    Int8Tensor,
    Int8WeightOnlyConfig,
    quantize_,
)
from transformers import PreTrainedModel

from benchmark.models.encoder import Encoder

Kind = Literal["dynamic", "weight_only"]
CONFIGS = {
    "dynamic": Int8DynamicActivationInt8WeightConfig(set_inductor_config=False),
    "weight_only": Int8WeightOnlyConfig(set_inductor_config=False),
}
INTEGERS, SCALES = ".int8", ".scale"


def quantise(model: PreTrainedModel, kind: Kind) -> None:
    """Turn every encoder matrix into integers; `dynamic` also turns what goes into it into integers, frame by frame.

    The model's config says so from then on, and `load` does the same again.
    """
    linears = {matrix.linear for matrix in Encoder(model)}
    quantize_(model, CONFIGS[kind], filter_fn=lambda module, _name: module in linears)
    model.config.int8 = kind


def dequantised(model: PreTrainedModel) -> PreTrainedModel:
    """A copy that computes with the same values in floats."""
    plain = copy.deepcopy(model)
    for matrix in Encoder(plain):
        weight = matrix.linear.weight
        if isinstance(weight, Int8Tensor):
            matrix.linear.weight = nn.Parameter(weight.dequantize())
    return plain


def unwrapped(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A state dict with plain tensors: quantised ones as their integers and scales."""
    plain: dict[str, torch.Tensor] = {}
    for name, tensor in state.items():
        if isinstance(tensor, Int8Tensor):
            plain[name + INTEGERS], plain[name + SCALES] = tensor.qdata, tensor.scale
        else:
            plain[name] = tensor
    return plain


def fill(model: PreTrainedModel, state: dict[str, torch.Tensor]) -> None:
    """Load a state from `unwrapped` into a model that is not quantised yet, and quantise it to the same integers."""
    kind: Kind = model.config.int8
    integers = {name: tensor for name, tensor in state.items() if name.endswith((INTEGERS, SCALES))}
    plain = {name: tensor for name, tensor in state.items() if name not in integers}
    for name in [name for name in integers if name.endswith(INTEGERS)]:
        weight = name.removesuffix(INTEGERS)
        plain[weight] = integers[name].float() * integers[weight + SCALES].float()
    model.load_state_dict(plain)
    quantise(model, kind)
    for name, tensor in model.state_dict().items():
        if isinstance(tensor, Int8Tensor):
            tensor.qdata.copy_(integers[name + INTEGERS])
            tensor.scale.copy_(integers[name + SCALES])
