"""The keys that the suite relies on in the `config.json` of Whisper models."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from benchmark.models.architectures.divisible import require_divisible
from benchmark.system.validated import Share, checked

Size = Annotated[int, Field(ge=1, le=2**17)]
Depth = Annotated[int, Field(ge=1, le=1000)]


class WhisperKeys(TypedDict):
    """Keys of all Whisper models."""

    vocab_size: Size
    num_mel_bins: Size
    d_model: Size
    encoder_layers: Depth
    decoder_layers: Depth
    encoder_attention_heads: Size
    decoder_attention_heads: Size
    encoder_ffn_dim: Size
    decoder_ffn_dim: Size
    max_source_positions: Size
    max_target_positions: Size
    dropout: Share
    attention_dropout: Share
    activation_dropout: Share
    activation_function: Literal["gelu"]
    scale_embedding: Literal[False]  # the encoder's forward pass from cached features has no scale


def check(values: dict[str, Any], where: str) -> None:
    """Check that the values of the keys exist and fit each other.

    Raises:
        UserError: a value is missing, of another type or out of range, or two do not fit each other.
    """
    config = checked(values, WhisperKeys, where)
    heads = {
        "encoder_attention_heads": config["encoder_attention_heads"],
        "decoder_attention_heads": config["decoder_attention_heads"],
    }
    require_divisible(config["d_model"], "d_model", heads, where)
