"""Whisper's attention: PyTorch's fused kernel, but for bf16 on a processor, where that is slow, one head at a time."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "bf16_by_heads"


def attention(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    **options: Any,
) -> tuple[torch.Tensor, None]:
    """Attention of scaled queries (batch, heads, queries, width) to keys and values (batch, heads, keys, width).

    Returns:
        The output (batch, queries, heads, width), and no weights.
    """
    slow = query.device.type == "cpu" and query.dtype is torch.bfloat16
    one = query.shape[2] == 1
    masked = attention_mask is not None or (module.is_causal and not one)
    if not slow or masked or dropout:
        return sdpa_attention_forward(module, query, key, value, attention_mask, dropout, **options)
    if one:
        return (torch.softmax(query @ key.mT, -1) @ value).transpose(1, 2), None
    by_heads: torch.Tensor = _ByHeads.apply(query, key, value)  # type: ignore[no-untyped-call]
    return by_heads.transpose(1, 2), None


class _ByHeads(torch.autograd.Function):
    """softmax(query @ key^T) @ value. The weights of one head (queries, keys) fit into the processor's cache."""

    @staticmethod
    def forward(ctx: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        out = torch.empty_like(query)
        weights = []
        for at in _heads(query):
            weights.append(torch.softmax(query[at] @ key[at].mT, -1))
            torch.mm(weights[-1], value[at], out=out[at])
            if not any(ctx.needs_input_grad):
                weights.clear()
        ctx.save_for_backward(query, key, value, *weights)
        return out

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        query, key, value, *weights = ctx.saved_tensors
        to_query, to_key, to_value = map(torch.empty_like, (query, key, value))
        for at, shares in zip(_heads(query), weights, strict=True):
            to_value[at] = shares.mT @ gradient[at]
            to_shares = gradient[at] @ value[at].mT
            to_scores = torch._softmax_backward_data(to_shares, shares, -1, shares.dtype)
            to_query[at] = to_scores @ key[at]
            to_key[at] = to_scores.mT @ query[at]
        return to_query, to_key, to_value


def _heads(query: torch.Tensor) -> list[tuple[int, int]]:
    """The places (row of the batch, head)."""
    return [(row, head) for row in range(query.shape[0]) for head in range(query.shape[1])]


AttentionInterface.register(NAME, attention)
AttentionMaskInterface.register(NAME, sdpa_mask)
