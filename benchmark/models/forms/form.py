"""The interface of a matrix's form: what is stored, what counts, how a folder rebuilds it, and who can read it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import ClassVar

import torch
from torch import nn
from transformers import PreTrainedConfig

Tensors = dict[str, torch.Tensor]


class Form(ABC):
    """One encoder matrix in one of its possible forms, in memory and in a folder.

    The defaults are for a module of floats whose state dict is stored in the folder as it is.

    Attributes:
        linear: the module. It computes y = W x + b, and has `in_features`, `out_features`, `weight` and `bias`.
        plain: whether plain `transformers` builds `floats()` from a config.
    """

    plain: ClassVar[bool] = True

    def __init__(self, linear: nn.Module) -> None:
        self.linear = linear

    @classmethod
    @abstractmethod
    def fits(cls, linear: nn.Module) -> bool:
        """Whether a module is of this form."""

    @classmethod
    @abstractmethod
    def fits_names(cls, names: Collection[str]) -> bool:
        """Whether a folder's tensors with these names, relative to the module's, are a matrix of this form."""

    @property
    @abstractmethod
    def stored(self) -> list[torch.Tensor]:
        """The tensors that hold the matrix, without its bias."""

    def left(self, tensor: torch.Tensor) -> int:
        """Number of weights left in one of the `stored` tensors: those that are not zero."""
        return int(tensor.count_nonzero())

    @property
    def rank(self) -> int | None:
        """Rank of a factorised matrix; None for other forms."""
        return None

    @property
    def in_words(self) -> str:
        """What the matrix has instead of floats, for a model card; empty for floats."""
        return ""

    @property
    def same_in_floats(self) -> bool:
        """Whether `floats()` computes what the module computes, so that its word error rate is the same."""
        return True

    @property
    def config(self) -> dict[str, object]:
        """What `rebuild` needs besides the tensors; it goes into the `config.json` of the model's folder."""
        return {}

    def tensors(self) -> Tensors:
        """The tensors that a folder holds of the module, by name relative to it. Their bytes are the bytes on disk."""
        return dict(self.linear.state_dict())

    @classmethod
    def rebuild(cls, linear: nn.Linear, tensors: Tensors, config: PreTrainedConfig) -> nn.Module:
        """Rebuild the module from what its `tensors` returned.

        Args:
            linear: a Linear of the matrix's shape, whose weights are not used; it may be changed and returned.
            tensors: from the folder, unpacked, by name relative to the module.
            config: the folder's config.
        """
        linear.load_state_dict(tensors)
        return linear

    def floats(self) -> nn.Module:
        """The module if it has floats, else one of floats with the same values and as many multiply-accumulates."""
        return self.linear


def linear_of(weight: torch.Tensor, bias: nn.Parameter | None) -> nn.Linear:
    """A Linear with these values: a weight (outputs, inputs), of which it has a parameter of its own, and a bias."""
    outputs, inputs = weight.shape
    linear = nn.Linear(inputs, outputs, bias=False, device="meta")  # draws no random weights
    linear.weight, linear.bias = nn.Parameter(weight.detach()), bias  # type: ignore[assignment]  # a bias may be None
    return linear
