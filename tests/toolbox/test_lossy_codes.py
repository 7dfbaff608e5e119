"""Codes: what is lost, how large messages are, and that their bytes say the same as they do."""

from __future__ import annotations

import math

import pytest
import torch

from benchmark.toolbox.bit_packing import packed, unpacked
from benchmark.toolbox.lossy_codes import Code, Message, Quantised, Shape, TopK, Uncompressed

CODES = [Uncompressed(), Quantised(1), Quantised(3), Quantised(8), TopK(0.1), TopK(1.0)]


def drawn(shape: Shape, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=dtype)


@pytest.mark.parametrize("bits", [1, 3, 8, 11])
def test_integers_come_back_from_bytes_without_gaps(bits: int) -> None:
    codes = torch.randint(2**bits, (5, 7), generator=torch.Generator().manual_seed(0))
    data = packed(codes, bits)
    assert data.dtype == torch.uint8
    assert len(data) == math.ceil(35 * bits / 8)
    assert unpacked(data, bits, 35).tolist() == codes.flatten().tolist()
    assert packed(torch.tensor([1, 0, 3]), 2).tolist() == [0b110001]


@pytest.mark.parametrize("bits", [1, 4, 8])
def test_quantisation_is_off_by_half_a_step_at_most(bits: int) -> None:
    values = drawn((3, 11, 16), torch.float64) * torch.tensor([0.01, 1, 100]).view(3, 1, 1)
    step = (values.amax((1, 2)) - values.amin((1, 2))) / (2**bits - 1)  # each utterance has a range of its own
    error = (Message.of(Quantised(bits), values).values - values).abs().amax((1, 2))
    assert (error <= step / 2 * (1 + 1e-12)).all()
    assert (error > step / 4).all()


def test_equal_values_are_quantised_exactly() -> None:
    values = torch.full((2, 3, 4), 0.7)
    assert torch.equal(Message.of(Quantised(4), values).values, values)


def test_topk_keeps_the_largest_of_each_frame_and_contracts() -> None:
    values = drawn((2, 5, 20))
    received = Message.of(TopK(0.1), values).values
    assert (received != 0).sum(-1).tolist() == [[2] * 5] * 2
    largest = values.abs().topk(2, dim=-1).values
    assert torch.equal(received.abs().topk(2, dim=-1).values, largest)
    lost, whole = (received - values).square().sum(-1), values.square().sum(-1)
    assert (lost <= (1 - 2 / 20) * whole).all()  # ||C(x) - x||^2 <= (1 - K/d) ||x||^2


def test_topk_keeps_no_more_where_values_are_equal() -> None:
    assert int((Message.of(TopK(0.25), torch.ones(1, 2, 8)).values != 0).sum()) == 2 * 2


@pytest.mark.parametrize("code", CODES, ids=lambda code: type(code).__name__)
@pytest.mark.parametrize("shape", [(2, 3, 8), (1, 5, 7), (3, 1, 192)])
def test_the_bytes_of_a_message_are_its_bits_and_say_the_same(code: Code, shape: Shape) -> None:
    message = Message.of(code, drawn(shape))
    data = message.to_bytes()
    assert len(data) == code.bytes(shape)
    assert 0 <= 8 * len(data) - code.bits(shape) < 8 * len(code.layout(shape))  # each part ends with a whole byte
    assert torch.equal(Message.from_bytes(code, data, shape).values, message.values)


def test_sizes_follow_the_formulas() -> None:
    frames, width = 50, 192
    shape = (1, frames, width)
    assert Uncompressed().bits(shape) == frames * width * 32
    assert Quantised(4).bits(shape) == frames * width * 4 + 2 * 32
    assert TopK(0.1).bits(shape) == frames * 19 * (32 + 8)  # K (b + ceil(log2 d))
