"""Packed tensors are restored bit for bit, and tensors are packed only if that makes them smaller."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from benchmark.models.packing import pack, unpack


@given(rows=st.integers(1, 9), columns=st.integers(1, 17), keep=st.floats(0, 1), seed=st.integers(0, 99))
def test_round_trip(rows: int, columns: int, keep: float, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(rows, columns, generator=generator)
    weight *= torch.rand(rows, columns, generator=generator) < keep
    state = {"a.weight": weight, "a.bias": torch.zeros(3), "n": torch.tensor(3)}
    restored = unpack(pack(state))
    assert restored.keys() == state.keys()
    assert all(torch.equal(restored[name], state[name]) for name in state)


def test_size_is_values_plus_bitmap() -> None:
    weight = torch.zeros(64, 64)
    weight[0] = 1.0
    packed = pack({"w": weight})
    size = sum(t.numel() * t.element_size() for name, t in packed.items() if not name.endswith("shape"))
    assert size == 64 * 4 + 64 * 64 // 8


def test_a_dense_tensor_stays_as_it_is() -> None:
    weight = torch.randn(8, 8)
    assert list(pack({"w": weight})) == ["w"]
