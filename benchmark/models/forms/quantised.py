"""A matrix of 8-bit integers by torchao, symmetric, with a scale per output."""

from __future__ import annotations

import copy
from collections.abc import Collection
from typing import Literal

import torch
from torch import nn
from torchao.quantization import (
    Int8DynamicActivationInt8WeightConfig,
    Int8Tensor,
    Int8WeightOnlyConfig,
    quantize_,
)
from transformers import PreTrainedConfig

from benchmark.models.forms.form import Form, Tensors

Kind = Literal["dynamic", "weight_only"]
CONFIGS = {
    "dynamic": Int8DynamicActivationInt8WeightConfig(set_inductor_config=False),
    "weight_only": Int8WeightOnlyConfig(set_inductor_config=False),
}
INTEGERS, SCALES = "weight.int8", "weight.scale"


def quantise_linear(linear: nn.Linear, kind: Kind) -> None:
    """Round a Linear's weight to integers; `dynamic` also rounds its inputs, with a scale per frame."""
    quantize_(linear, CONFIGS[kind])


class Quantised(Form):
    """An `nn.Linear` with an `Int8Tensor` as its weight. All its weights are left: zero is a value like any other.

    Multiply-accumulates of integers count like those of floats.
    """

    @classmethod
    def fits(cls, linear: nn.Module) -> bool:
        """Whether it is a Linear with a weight of integers."""
        return isinstance(linear, nn.Linear) and isinstance(linear.weight, Int8Tensor)

    @classmethod
    def fits_names(cls, names: Collection[str]) -> bool:
        """Whether there are integers."""
        return INTEGERS in names

    @property
    def kind(self) -> Kind:
        """Whether the matrix's inputs are rounded too: `dynamic`."""
        return "weight_only" if self._weight.act_quant_kwargs is None else "dynamic"

    @property
    def same_in_floats(self) -> bool:
        """False if the inputs are rounded too."""
        return self.kind == "weight_only"

    @property
    def in_words(self) -> str:
        """What is rounded."""
        return f"weights{' and activations' if self.kind == 'dynamic' else ''} in 8-bit integers"

    @property
    def stored(self) -> list[torch.Tensor]:
        """The weight."""
        return [self._weight]

    def left(self, tensor: torch.Tensor) -> int:
        """All weights of the tensor."""
        return tensor.numel()

    @property
    def config(self) -> dict[str, object]:
        """The kind of quantisation."""
        return {"int8": self.kind}

    def tensors(self) -> Tensors:
        """The module's tensors, with integers and their scales instead of the weight."""
        state = super().tensors()
        del state["weight"]
        return state | {INTEGERS: self._weight.qdata, SCALES: self._weight.scale}

    @classmethod
    def rebuild(cls, linear: nn.Linear, tensors: Tensors, config: PreTrainedConfig) -> nn.Module:
        """Quantise a Linear of floats, then copy the exact integers and scales into it."""
        integers, scales = tensors[INTEGERS], tensors[SCALES]
        others = {name: tensor for name, tensor in tensors.items() if name not in (INTEGERS, SCALES)}
        linear.load_state_dict(others | {"weight": integers.float() * scales.float()})
        quantise_linear(linear, config.int8)
        weight = cls(linear)._weight
        weight.qdata.copy_(integers)
        weight.scale.copy_(scales)
        return linear

    def floats(self) -> nn.Module:
        """A Linear with the values of the integers."""
        plain = copy.deepcopy(self.linear)
        plain.weight = nn.Parameter(self._weight.dequantize())
        return plain

    @property
    def _weight(self) -> Int8Tensor:
        weight = self.linear.weight
        assert isinstance(weight, Int8Tensor)
        return weight
