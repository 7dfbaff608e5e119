"""Attention head by head is as near to attention in fp32 as the one that transformers calls eager."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from transformers.models.whisper.modeling_whisper import eager_attention_forward

from benchmark.models.architectures.whisper_attention import attention

Three = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def drawn(queries: int) -> Three:
    torch.manual_seed(0)
    return one(queries), one(50), one(50)


def one(length: int) -> torch.Tensor:
    return torch.randn(2, 3, length, 16).bfloat16().requires_grad_()


def module(*, is_causal: bool = False) -> nn.Module:
    found = nn.Module()
    found.is_causal = is_causal  # type: ignore[assignment]
    return found


def fused(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    return F.scaled_dot_product_attention(query, key, value, scale=1.0)


def error(found: torch.Tensor, exact: torch.Tensor) -> float:
    return float(((found.float() - exact).norm() / exact.norm()).detach())


@pytest.mark.parametrize("queries", [1, 7, 50])
def test_output_and_gradients_are_as_near_to_fp32_as_those_of_eager_attention(queries: int) -> None:
    inputs = drawn(queries)
    query, key, value = inputs
    exact_inputs = [each.detach().float().requires_grad_() for each in inputs]
    exact = fused(*exact_inputs)
    gradient = torch.randn_like(exact)
    eager = eager_attention_forward(module(), query, key, value, None, scaling=1.0)[0].transpose(1, 2)
    ours = attention(module(), query, key, value, None, scaling=1.0)[0].transpose(1, 2)
    assert ours.dtype is torch.bfloat16
    assert error(ours, exact) < 1.1 * error(eager, exact)
    wanted = torch.autograd.grad(exact, exact_inputs, gradient)
    near, found = (torch.autograd.grad(each, inputs, gradient.bfloat16()) for each in (eager, ours))
    for want, have, get in zip(wanted, near, found, strict=True):
        assert error(get, want) < 1.1 * error(have, want)


def test_causal_attention_does_not_look_ahead() -> None:
    query, key, value = (each.detach() for each in drawn(50))
    changed = value.clone()
    changed[:, :, 30:] += 1
    before, after = (
        attention(module(is_causal=True), query, key, each, None, scaling=1.0)[0] for each in (value, changed)
    )
    assert torch.equal(before[:, :30], after[:, :30])
    assert not torch.equal(before, after)


def test_fp32_is_the_fused_kernels_to_the_bit() -> None:
    query, key, value = (each.detach().float() for each in drawn(50))
    ours = attention(module(), query, key, value, None, scaling=1.0)[0].transpose(1, 2)
    assert torch.equal(ours, fused(query, key, value))
