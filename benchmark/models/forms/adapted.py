"""A weight that other layers may share, and a low-rank difference from it; the outputs may be normalised."""

from __future__ import annotations

from collections.abc import Collection

import torch
import torch.nn.functional as F
from torch import nn
from transformers import PreTrainedConfig

from benchmark.models.forms.form import Form, Tensors


class AdaptedLinear(nn.Module):
    """y = (W + B A) x + b, as in LoRA; or gamma (y - mean) / deviation, over the outputs of a position.

    It is made with the Linear whose weight it shares, and with values of its own parameters.

    Attributes:
        base: W (outputs, inputs).
        first: A (rank, inputs).
        second: B (outputs, rank).
        bias: b (outputs,), or None.
        gamma: the scale (outputs,) of normalised outputs, or None if they are not normalised.
    """

    def __init__(
        self,
        base: nn.Linear,
        first: torch.Tensor,
        second: torch.Tensor,
        *,
        bias: torch.Tensor | None,
        gamma: torch.Tensor | None,
    ) -> None:
        super().__init__()
        self.in_features, self.out_features = base.in_features, base.out_features
        self.base, self.bias = base.weight, bias
        self.first, self.second = nn.Parameter(first.to(base.weight)), nn.Parameter(second.to(base.weight))
        self.gamma = None if gamma is None else nn.Parameter(gamma.to(base.weight))

    @property
    def weight(self) -> torch.Tensor:
        """W + B A (outputs, inputs)."""
        return self.base + self.second @ self.first

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Apply the weight and the difference, then normalise the outputs if there is a scale for them."""
        output = F.linear(hidden, self.base, self.bias) + F.linear(F.linear(hidden, self.first), self.second)
        return output if self.gamma is None else F.layer_norm(output, self.gamma.shape, self.gamma)


class Adapted(Form):
    """An `AdaptedLinear`. Its weight counts once for all layers that share it; the factors of the difference count too.

    Plain `transformers` has no such layer: a dense weight could hold the difference, but not the normalisation.
    """

    plain = False

    @classmethod
    def fits(cls, linear: nn.Module) -> bool:
        """Whether it is an AdaptedLinear."""
        return isinstance(linear, AdaptedLinear)

    @classmethod
    def fits_names(cls, names: Collection[str]) -> bool:
        """Whether there is a weight with a difference."""
        return {"base", "first", "second"} <= set(names)

    @property
    def stored(self) -> list[torch.Tensor]:
        """The weight and the two factors of the difference."""
        return [self.linear.get_parameter(name) for name in ("base", "first", "second")]

    @classmethod
    def rebuild(cls, linear: nn.Linear, tensors: Tensors, config: PreTrainedConfig) -> nn.Module:
        """An AdaptedLinear; its rank is the height of the first factor."""
        first, second, gamma = tensors["first"], tensors["second"], tensors.get("gamma")
        adapted = AdaptedLinear(linear, first, second, bias=linear.bias, gamma=gamma)
        adapted.load_state_dict(tensors)
        return adapted
