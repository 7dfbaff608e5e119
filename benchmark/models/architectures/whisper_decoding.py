"""Greedy decoding of encoder-decoder models, with cached keys and values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from transformers import DynamicCache, EncoderDecoderCache, PreTrainedModel

from benchmark.models.architectures.whisper_text import generation_config, prompt


@torch.no_grad()
def greedy_tokens(model: PreTrainedModel, encoded: torch.Tensor, limits: Sequence[int]) -> list[list[int]]:
    """The most likely next token again and again, as `generate` of transformers does without beams or sampling.

    Rows that have ended leave the batch when they are half of it, so that the last ones do not wait for the others.

    Args:
        model: a Whisper model.
        encoded: the encoder's output (batch, frames, width).
        limits: number of tokens after which each row is cut; a broken model may never write the end.

    Returns:
        The tokens of each row, without prompt and end. A row as long as its limit was cut.
    """
    config, start = generation_config(model), prompt(model)
    never = torch.tensor(config.suppress_tokens or [], dtype=torch.long, device=encoded.device)
    not_first = torch.tensor(config.begin_suppress_tokens or [], dtype=torch.long, device=encoded.device)
    end = cast(int, config.eos_token_id)
    written: list[list[int]] = [[] for _ in limits]
    rows, ended = list(range(len(limits))), set[int]()
    step = _Step(model, encoded)
    tokens = torch.tensor(start, device=encoded.device).expand(len(rows), -1)
    for position in range(max(limits, default=0)):
        logits = step(tokens)
        logits[:, never] = -torch.inf
        if position == 0:
            logits[:, not_first] = -torch.inf
        chosen = logits.argmax(-1)
        for row, token in zip(rows, chosen.tolist(), strict=True):
            if row in ended:
                continue
            if token != end:
                written[row].append(token)
            if token == end or len(written[row]) == limits[row]:
                ended.add(row)
        going_on = [place for place, row in enumerate(rows) if row not in ended]
        if not going_on:
            break
        tokens = chosen[:, None]
        if 2 * len(going_on) <= len(rows):
            kept = torch.tensor(going_on, device=encoded.device)
            rows, tokens = [rows[place] for place in going_on], tokens[kept]
            step.keep(kept)
    return written


class _Step:
    """The decoder with its cache: gets new tokens, gives the logits of the next one."""

    def __init__(self, model: PreTrainedModel, encoded: torch.Tensor) -> None:
        self._parts = cast(Any, model)
        self._encoded = encoded
        self._cache = EncoderDecoderCache(DynamicCache(), DynamicCache())

    def __call__(self, tokens: torch.Tensor) -> torch.Tensor:
        """Logits (batch, vocabulary) in fp32 after `tokens` (batch, new ones)."""
        decoded = self._parts.model.decoder(
            input_ids=tokens, encoder_hidden_states=self._encoded, past_key_values=self._cache, use_cache=True
        )
        logits: torch.Tensor = self._parts.proj_out(decoded.last_hidden_state[:, -1])
        return logits.float()

    def keep(self, rows: torch.Tensor) -> None:
        """Go on with these rows (kept,) of the batch only."""
        self._encoded = self._encoded[rows]
        self._cache.batch_select_indices(rows)
