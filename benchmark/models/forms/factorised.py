"""A Linear as the product of two thin ones."""

from __future__ import annotations

import torch
from torch import nn


class LowRankLinear(nn.Module):
    """y = second(first(x)): rank x (inputs + outputs) weights instead of inputs x outputs."""

    def __init__(self, inputs: int, outputs: int, rank: int) -> None:
        super().__init__()
        self.in_features, self.out_features, self.rank = inputs, outputs, rank
        self.first = nn.Linear(inputs, rank, bias=False)
        self.second = nn.Linear(rank, outputs)

    @property
    def weight(self) -> torch.Tensor:
        """The matrix that the two multiply to (outputs, inputs)."""
        return self.second.weight @ self.first.weight

    @property
    def bias(self) -> nn.Parameter:
        """Of the second."""
        return self.second.bias

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Apply both."""
        output: torch.Tensor = self.second(self.first(hidden))
        return output


def break_even_rank(outputs: int, inputs: int) -> float:
    """Rank above which the two factors hold more weights than the matrix."""
    return outputs * inputs / (outputs + inputs)
