"""Pieces cover a small tensor once and in order; a large or strided one stays whole."""

from __future__ import annotations

import pytest
import torch

from benchmark.toolbox.pieces import ONE_THREAD, WORTH_WAKING, pieces


@pytest.mark.parametrize("shape", [(1, 1), (192, 768), (ONE_THREAD, 2), (ONE_THREAD + 1, 1)])
def test_a_small_tensor_is_covered_once(shape: tuple[int, int]) -> None:
    values, out = torch.arange(float(shape[0] * shape[1])).view(shape), torch.full(shape, -1.0)
    for piece, written in pieces(values, out):
        assert piece.numel() <= ONE_THREAD
        torch.add(piece, 1, out=written)
    assert torch.equal(out, values + 1)


def test_a_large_or_strided_tensor_comes_whole() -> None:
    for tensor in (torch.zeros(WORTH_WAKING), torch.zeros(40_000, 2).t()):
        ((whole,),) = pieces(tensor)
        assert whole is tensor
