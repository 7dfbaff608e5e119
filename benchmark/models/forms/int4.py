"""A matrix of 4-bit integers, symmetric, with a scale per output; two integers share a byte."""

from __future__ import annotations

from collections.abc import Collection

import torch
import torch.nn.functional as F
from torch import nn
from transformers import PreTrainedConfig

from benchmark.models.forms.form import Form, Tensors, linear_of
from benchmark.models.full_precision import at_least_fp32

LOWEST, HIGHEST = -8, 7


def int4(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The nearest integers (outputs, inputs) from -8 to 7 of a weight, and their scale (outputs, 1).

    The largest magnitude of a row is 7.5 steps, as it is 127.5 steps of torchao's 8-bit integers. So no value moves by
    more than half a step, neither inside the range nor at its ends.
    """
    weight = at_least_fp32(weight.detach())
    largest = weight.abs().amax(dim=1, keepdim=True)
    scale = (2 * largest / (HIGHEST - LOWEST)).clamp(min=torch.finfo(weight.dtype).tiny)
    return (weight / scale).round().clamp(LOWEST, HIGHEST), scale


def rounded_to_int4(weight: torch.Tensor) -> torch.Tensor:
    """A weight (outputs, inputs) with the values of its 4-bit integers, without a gradient."""
    integers, scale = int4(weight)
    return (integers * scale).to(weight)


class Int4Linear(nn.Module):
    """y = W x + b with W = scale * integers.

    Attributes:
        nibbles: (outputs, half of the inputs, rounded up), bytes; the lower four bits hold the integer of the input
            with the even index, plus 8.
        scale: (outputs, 1).
    """

    bias: nn.Parameter | None

    def __init__(self, nibbles: torch.Tensor, scale: torch.Tensor, bias: nn.Parameter | None, inputs: int) -> None:
        super().__init__()
        self.in_features, self.out_features = inputs, len(nibbles)
        self.nibbles = nn.Parameter(nibbles, requires_grad=False)  # a parameter, so that layers can share it
        self.scale = nn.Parameter(scale, requires_grad=False)
        self.register_parameter("bias", bias)

    @classmethod
    def of(cls, linear: nn.Linear) -> Int4Linear:
        """A Linear of floats, rounded; it keeps the bias."""
        integers, scale = int4(linear.weight)
        pairs = F.pad(integers - LOWEST, (0, linear.in_features % 2)).to(torch.uint8)
        return cls(pairs[:, ::2] | pairs[:, 1::2] << 4, scale, linear.bias, linear.in_features)

    @property
    def weight(self) -> torch.Tensor:
        """The values of the integers (outputs, inputs)."""
        pairs = torch.stack([self.nibbles & 15, self.nibbles >> 4], dim=-1).flatten(1)
        return (pairs[:, : self.in_features].to(self.scale) + LOWEST) * self.scale

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Compute in floats."""
        return F.linear(hidden, self.weight, self.bias)


class Int4(Form):
    """An `Int4Linear`. All its weights are left: zero is a value like any other."""

    @classmethod
    def fits(cls, linear: nn.Module) -> bool:
        """Whether it is an Int4Linear."""
        return isinstance(linear, Int4Linear)

    @classmethod
    def fits_names(cls, names: Collection[str]) -> bool:
        """Whether there are integers of four bits."""
        return "nibbles" in names

    @property
    def stored(self) -> list[torch.Tensor]:
        """The integers and their scales."""
        return [self._rounded.nibbles, self._rounded.scale]

    def left(self, tensor: torch.Tensor) -> int:
        """All weights of the matrix are in the integers; scales do not count."""
        return self._rounded.in_features * self._rounded.out_features if tensor is self._rounded.nibbles else 0

    @property
    def in_words(self) -> str:
        """What is rounded."""
        return "weights in 4-bit integers"

    @classmethod
    def rebuild(cls, linear: nn.Linear, tensors: Tensors, config: PreTrainedConfig) -> nn.Module:
        """An Int4Linear; its shape is that of the Linear."""
        rounded = Int4Linear.of(linear)
        rounded.load_state_dict(tensors)
        return rounded

    def floats(self) -> nn.Module:
        """A Linear with the values of the integers."""
        return linear_of(self._rounded.weight, self._rounded.bias)

    @property
    def _rounded(self) -> Int4Linear:
        assert isinstance(self.linear, Int4Linear)
        return self.linear
