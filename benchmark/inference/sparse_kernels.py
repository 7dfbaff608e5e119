"""Linear layers that do not multiply zeros: compressed sparse rows on a CPU, 2:4 sparsity on a GPU."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import nn
from torch.sparse import check_sparse_tensor_invariants, to_sparse_semi_structured

GROUP, LEFT = 4, 2  # of four neighbours in a row, at most two are left


class SparseRows(nn.Module):
    """A Linear whose weight is in compressed sparse rows, which MKL multiplies. It cannot be trained or saved.

    Indices have 32 bits, as MKL wants them; with 64 bits PyTorch converts them in every call. Vectors are multiplied as
    columns, W X^T: `F.linear` would multiply rows, X W^T, three times as slowly.
    """

    def __init__(self, rows: torch.Tensor, bias: torch.Tensor | None, block: int | None) -> None:
        """Take over a weight; `sparse_rows` makes it.

        Args:
            rows: the weight (outputs, inputs) in compressed sparse rows.
            bias: of the Linear.
            block: multiply so many vectors at a time, which stay in the processor's cache, and write the outputs one
                vector after the other. None: multiply all at once, and leave the outputs as columns in memory, which
                the next sparse matrix reads as they are.
        """
        super().__init__()
        self.weight, self.bias, self.block = rows, bias, block
        self.out_features, self.in_features = rows.shape

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Map inputs (..., in_features) to outputs (..., out_features)."""
        vectors = inputs.reshape(-1, self.in_features)
        outputs = self._columns(vectors).t() if self.block is None else self._in_blocks(vectors, self.block)
        return outputs.view(*inputs.shape[:-1], self.out_features)

    def _in_blocks(self, vectors: torch.Tensor, block: int) -> torch.Tensor:
        outputs = vectors.new_empty(len(vectors), self.out_features)
        for start in range(0, len(vectors), block):
            outputs[start : start + block] = self._columns(vectors[start : start + block]).t()
        return outputs

    def _columns(self, vectors: torch.Tensor) -> torch.Tensor:
        """Outputs (out_features, count) of vectors (count, in_features)."""
        columns = vectors.t().contiguous()
        if self.bias is None:
            return torch.mm(self.weight, columns)
        return torch.addmm(self.bias[:, None], self.weight, columns)


class TwoOfFour(nn.Module):
    """A Linear with 2:4 sparsity, which the tensor cores of GPUs since Ampere multiply twice as fast, in bf16.

    Mishra et al., "Accelerating sparse deep neural networks", 2021, arXiv 2104.08378.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.weight = to_sparse_semi_structured(linear.weight.detach().bfloat16())
        self.bias = None if linear.bias is None else linear.bias.detach().bfloat16()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Map inputs (..., in_features) to outputs (..., out_features), both in bf16."""
        outputs = F.linear(inputs.reshape(-1, self.in_features).bfloat16(), self.weight, self.bias)
        return outputs.view(*inputs.shape[:-1], self.out_features)


def sparse_rows(linear: nn.Linear, blocks: Sequence[int | None]) -> list[SparseRows]:
    """A Linear in sparse rows, once for each size of block; all share one weight."""
    rows = _compressed(linear.weight.detach())
    return [SparseRows(rows, linear.bias, block) for block in blocks]


def _compressed(weight: torch.Tensor) -> torch.Tensor:
    with warnings.catch_warnings(), check_sparse_tensor_invariants(True):
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")
        rows = weight.to_sparse_csr()
        starts, columns = rows.crow_indices().int(), rows.col_indices().int()
        return torch.sparse_csr_tensor(starts, columns, rows.values(), rows.shape)


def is_two_of_four(weight: torch.Tensor) -> bool:
    """Whether at most two of four neighbours in each row of a weight (outputs, inputs) are not zero."""
    outputs, inputs = weight.shape
    if inputs % GROUP:
        return False
    return bool((weight.view(outputs, -1, GROUP).count_nonzero(dim=-1) <= LEFT).all())
