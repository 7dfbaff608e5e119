"""A matrix as the product of two thin ones."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import nn
from transformers import PreTrainedConfig

from benchmark.models.forms.form import Form, Tensors


class LowRankLinear(nn.Module):
    """y = second(first(x)): rank x (inputs + outputs) weights instead of inputs x outputs."""

    def __init__(self, inputs: int, outputs: int, rank: int, *, bias: bool) -> None:
        super().__init__()
        self.in_features, self.out_features, self.rank = inputs, outputs, rank
        self.first = nn.Linear(inputs, rank, bias=False)
        self.second = nn.Linear(rank, outputs, bias=bias)

    @classmethod
    def like(cls, linear: nn.Linear, rank: int) -> LowRankLinear:
        """A layer with random weights and with the shape, type, device and bias, if any, of `linear`."""
        thin = cls(linear.in_features, linear.out_features, rank, bias=linear.bias is not None).to(linear.weight)
        if linear.bias is not None:
            with torch.no_grad():
                thin.second.bias.copy_(linear.bias)
        return thin

    @property
    def weight(self) -> torch.Tensor:
        """The product of the two factors (outputs, inputs)."""
        return self.second.weight @ self.first.weight

    @property
    def bias(self) -> nn.Parameter | None:
        """The bias of the second factor, if it has one."""
        return self.second.bias

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Apply both factors."""
        output: torch.Tensor = self.second(self.first(hidden))
        return output


class Factorised(Form):
    """A `LowRankLinear`. The weights of both factors count; plain `transformers` has no such layer."""

    plain = False

    @classmethod
    def fits(cls, linear: nn.Module) -> bool:
        """Whether it is a LowRankLinear."""
        return isinstance(linear, LowRankLinear)

    @classmethod
    def fits_names(cls, names: Collection[str]) -> bool:
        """Whether there are two weights."""
        return {"first.weight", "second.weight"} <= set(names)

    @property
    def stored(self) -> list[torch.Tensor]:
        """The two factors."""
        return [self._thin.first.weight, self._thin.second.weight]

    @property
    def rank(self) -> int:
        """Width between the two factors."""
        return self._thin.rank

    @property
    def _thin(self) -> LowRankLinear:
        assert isinstance(self.linear, LowRankLinear)
        return self.linear

    @classmethod
    def rebuild(cls, linear: nn.Linear, tensors: Tensors, config: PreTrainedConfig) -> nn.Module:
        """A LowRankLinear; its rank is the height of the first factor."""
        thin = LowRankLinear.like(linear, len(tensors["first.weight"]))
        thin.load_state_dict(tensors)
        return thin


def break_even_rank(outputs: int, inputs: int) -> float:
    """Rank above which the two factors hold more weights than the matrix."""
    return outputs * inputs / (outputs + inputs)
