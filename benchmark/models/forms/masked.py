"""A matrix of floats, whose zeros are the weights that a mask has pruned; a dense matrix has none."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import nn

from benchmark.models.forms.form import Form


class Masked(Form):
    """An `nn.Linear`. `benchmark.models.packing` stores its zeros as a bitmap, where that takes fewer bytes."""

    @classmethod
    def fits(cls, linear: nn.Module) -> bool:
        """Whether it is a Linear."""
        return isinstance(linear, nn.Linear)

    @classmethod
    def fits_names(cls, names: Collection[str]) -> bool:
        """Whether there is a weight."""
        return "weight" in names

    @property
    def stored(self) -> list[torch.Tensor]:
        """The weight as the forward pass sees it, after its gate if it has one."""
        weight = self.linear.weight
        assert isinstance(weight, torch.Tensor)
        return [weight]
