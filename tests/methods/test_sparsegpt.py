"""SparseGPT against the closed form of the optimal brain surgeon."""

from __future__ import annotations

import pytest
import torch

from benchmark.system.errors import CannotCompress
from methods.sparsegpt import inverse_root, prune


def moments_of(inputs: torch.Tensor) -> torch.Tensor:
    return inputs.T @ inputs / len(inputs)


def test_one_weight_as_the_surgeon_removes_it() -> None:
    torch.manual_seed(0)
    inputs = torch.randn(200, 6) @ torch.randn(6, 6)
    moments = moments_of(inputs)
    weight = torch.randn(1, 6)
    hessian = 2 * moments.double()
    inverse = torch.linalg.inv(hessian)
    pruned = prune(weight, moments, keep=5 / 6, damping=0.0, block=6)
    gone = int((pruned == 0).nonzero()[0, 1])
    change = (pruned - weight).double()
    rise = float(0.5 * change @ hessian @ change.T)
    assert int((pruned == 0).sum()) == 1
    if gone == 0:  # the first column: nothing before it is fixed, so this is the surgeon's step exactly
        assert rise == pytest.approx(float(weight[0, 0] ** 2 / (2 * inverse[0, 0])), rel=1e-4)
    later = torch.linalg.inv(hessian[gone:, gone:])
    assert rise == pytest.approx(float(weight[0, gone] ** 2 / (2 * later[0, 0])), rel=1e-4)


def test_the_factor_s_diagonal_is_the_surgeon_s() -> None:
    torch.manual_seed(1)
    moments = moments_of(torch.randn(50, 4))
    root = inverse_root(moments, 0.0)
    hessian = 2 * moments.double()
    for column in range(4):
        later = torch.linalg.inv(hessian[column:, column:])
        assert float(root[column, column] ** 2) == pytest.approx(float(later[0, 0]), rel=1e-6)


@pytest.mark.parametrize("block", [3, 4, 128])
def test_the_share_is_exact_and_the_outputs_are_closer_than_without_correction(block: int) -> None:
    torch.manual_seed(2)
    inputs = torch.randn(400, 16) @ torch.randn(16, 16)
    weight = torch.randn(10, 16)
    pruned = prune(weight, moments_of(inputs), keep=0.4, damping=0.01, block=block)
    assert int((pruned != 0).sum()) == 64
    plain, best = weight * (pruned != 0), torch.zeros_like(weight)
    for row, kept in enumerate(pruned != 0):
        best[row, kept] = torch.linalg.lstsq(inputs[:, kept], inputs @ weight[row]).solution
    error, uncorrected, least = ((inputs @ (w - weight).T).square().mean() for w in (pruned, plain, best))
    assert least < error < 0.9 * uncorrected


def test_dead_inputs_have_no_weights() -> None:
    torch.manual_seed(3)
    inputs = torch.randn(100, 5)
    inputs[:, 2] = 0
    pruned = prune(torch.randn(3, 5), moments_of(inputs), keep=0.8, damping=0.01, block=5)
    assert not pruned[:, 2].any()


@pytest.mark.parametrize("moments", [torch.zeros(4, 4), torch.full((4, 4), torch.nan)], ids=["silence", "nan"])
def test_a_hessian_that_cannot_be_inverted_is_named(moments: torch.Tensor) -> None:
    with pytest.raises(CannotCompress, match="singular second moments: raise `damping`"):
        inverse_root(moments, damping=0.01)
