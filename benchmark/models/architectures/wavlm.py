"""WavLM (Chen et al., JSTSP 2022): `WavLMForCTC`, with gated relative positions in its attention.

Each layer adds a bias to its attention that depends on the distance of two frames. The first layer looks up the
biases of all heads in a table and passes them on. Each head of each layer scales its own biases by a gate, which it
computes from its slice of the layer's input.
"""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import nn
from transformers import PreTrainedModel
from transformers.models.wavlm.modeling_wavlm import WavLMAttention

from benchmark.models.architectures.convolutional import ConvolutionalCTC, parts
from benchmark.models.architectures.convolutional_config import NormedConfig
from benchmark.models.architectures.sizes import SIZES


class HeadwiseAttention(WavLMAttention):
    """WavLM's attention that calls its matrices as modules, and from which heads can be cut.

    The attention in transformers passes its matrices' weights to one function, where hooks and other forms of a matrix
    have no effect, and it requires as many heads as fill the model's width.

    Attributes:
        kept_heads: indices of the layer's heads that are left (heads,), which select their gates, slices and biases;
            None while all are left.
    """

    kept_heads: torch.Tensor | None

    def forward(  # type: ignore[override]
        self,
        hidden_states: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        position_bias: torch.Tensor | None = None,
        index: int = 0,
        **_options: Any,
    ) -> tuple[torch.Tensor, None, torch.Tensor]:
        """Output (batch, frames, width), no attention weights, and the biases of all heads (heads, frames, frames)."""
        batch, frames, _ = hidden_states.shape
        if position_bias is None:
            position_bias = self.compute_bias(frames, frames)
        query, key, value = (
            project(hidden_states).view(batch, frames, -1, self.head_dim).transpose(1, 2)
            for project in (self.q_proj, self.k_proj, self.v_proj)
        )
        bias = self.gates(hidden_states) * self.of_kept(position_bias, 0)
        if attention_mask is not None:
            bias = bias.masked_fill(~attention_mask[:, None, None, :], -torch.inf)
        dropout = self.dropout if self.training else 0.0
        attended = F.scaled_dot_product_attention(query, key, value, bias.to(query.dtype), dropout)
        output = self.out_proj(attended.transpose(1, 2).reshape(batch, frames, -1))
        return output, None, position_bias

    def gates(self, hidden_states: torch.Tensor) -> torch.Tensor:
        """How much of its bias each head adds for each frame (batch, heads, frames, 1)."""
        slices = hidden_states.unflatten(-1, (-1, self.head_dim)).transpose(1, 2)
        projected = self.gru_rel_pos_linear(self.of_kept(slices, 1)).unflatten(-1, (2, 4)).sum(-1)
        reset, update = torch.sigmoid(projected).chunk(2, dim=-1)
        return reset * (update * self.of_kept(self.gru_rel_pos_const, 1) - 1.0) + 2.0

    def of_kept(self, heads: torch.Tensor, dim: int) -> torch.Tensor:
        """The entries of the remaining heads, from a tensor with an entry for each head along `dim`."""
        return heads if self.kept_heads is None else heads.index_select(dim, self.kept_heads)


class WavLM(ConvolutionalCTC):
    """WavLM. A cut head leaves behind its row of the table, which other layers share, and its one gating constant."""

    sizes = SIZES["wavlm"]
    keys = NormedConfig

    def adapted(self, model: PreTrainedModel) -> PreTrainedModel:
        """The model with attention that the suite can work on; weights and their names do not change."""
        for layer in parts(model).encoder.layers:
            layer.attention.__class__ = HeadwiseAttention
            layer.attention.register_buffer("kept_heads", None)
        return model

    def keep_heads(self, attention: nn.Module, kept: torch.Tensor) -> None:  # noqa: D102
        super().keep_heads(attention, kept)
        if not kept.all():
            left = attention.kept_heads
            left = torch.arange(len(kept), device=kept.device) if left is None else cast(torch.Tensor, left)
            attention.kept_heads = left[kept]

    def handed_on(self, output: Any) -> dict[str, torch.Tensor]:  # noqa: D102
        return {"position_bias": output[1]}
