"""A matrix by product quantisation: a codebook of blocks, and for each block of the matrix its place in the codebook.

Stock et al., ICLR 2020, arXiv 1907.05686.
"""

from __future__ import annotations

from collections.abc import Collection

import torch
import torch.nn.functional as F
from torch import nn
from transformers import PreTrainedConfig

from benchmark.models.forms.form import Form, Tensors, linear_of
from benchmark.models.full_precision import at_least_fp32


class CodebookLinear(nn.Module):
    """y = W x + b. Row i of W is the blocks codebook[codes[i, 0]], codebook[codes[i, 1]], ... one after the other.

    Attributes:
        codebook: (centroids, block), of floats; its gradient sums those of all blocks that it stands for.
        codes: (outputs, inputs / block), a byte each, so there are at most 256 centroids.
    """

    bias: nn.Parameter | None

    def __init__(self, codebook: torch.Tensor, codes: torch.Tensor, bias: nn.Parameter | None) -> None:
        super().__init__()
        self.out_features, self.in_features = len(codes), codes.shape[1] * codebook.shape[1]
        self.codebook = nn.Parameter(codebook)
        self.codes = nn.Parameter(codes, requires_grad=False)  # a parameter, so that layers can share it
        self.register_parameter("bias", bias)

    @property
    def weight(self) -> torch.Tensor:
        """The matrix (outputs, inputs), in fp32 at least."""
        return F.embedding(self.codes.int(), at_least_fp32(self.codebook)).flatten(1)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Build the matrix and apply it."""
        return F.linear(hidden, self.weight, self.bias)

    def to_fp16(self) -> None:
        """Round the codebook to 16 bits, in which it is meant to be stored; the model then computes with these."""
        self.codebook = nn.Parameter(self.codebook.detach().half())


class Codebook(Form):
    """A `CodebookLinear`. All weights of the matrix are left: it has fewer different values, not fewer weights.

    Looking up a block is no multiplication, so multiply-accumulates are those of the matrix.
    """

    @classmethod
    def fits(cls, linear: nn.Module) -> bool:
        """Whether it is a CodebookLinear."""
        return isinstance(linear, CodebookLinear)

    @classmethod
    def fits_names(cls, names: Collection[str]) -> bool:
        """Whether there is a codebook."""
        return "codebook" in names

    @property
    def stored(self) -> list[torch.Tensor]:
        """The codes and the codebook."""
        return [self._coded.codes, self._coded.codebook]

    def left(self, tensor: torch.Tensor) -> int:
        """All weights of the matrix are in the codes; the codebook does not count."""
        return self._coded.in_features * self._coded.out_features if tensor is self._coded.codes else 0

    @property
    def in_words(self) -> str:
        """What takes the place of the weights."""
        return "weights from codebooks"

    @classmethod
    def rebuild(cls, linear: nn.Linear, tensors: Tensors, config: PreTrainedConfig) -> nn.Module:
        """A CodebookLinear; the tensors say how many centroids there are, and how long a block is.

        Raises:
            ValueError: the tensors are of a matrix of another shape, or a code has no centroid.
        """
        coded = CodebookLinear(tensors["codebook"], tensors["codes"], linear.bias)
        if (coded.out_features, coded.in_features) != (linear.out_features, linear.in_features):
            raise ValueError(f"the codes are of a matrix of {coded.out_features} x {coded.in_features}")
        if int(coded.codes.max()) >= len(coded.codebook):
            raise ValueError(f"a code is {int(coded.codes.max())}, but there are {len(coded.codebook)} centroids")
        coded.load_state_dict(tensors)
        return coded

    def floats(self) -> nn.Module:
        """A Linear with the values of the codebook."""
        return linear_of(self._coded.weight, self._coded.bias)

    @property
    def _coded(self) -> CodebookLinear:
        assert isinstance(self.linear, CodebookLinear)
        return self.linear
