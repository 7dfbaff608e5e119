"""The keys that the suite relies on in the `config.json` of convolutional models."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from benchmark.models.architectures.divisible import require_divisible
from benchmark.system.validated import AtLeastOne, Positive, Share, checked

Size = Annotated[int, Field(ge=1, le=2**16)]
Sizes = Annotated[list[Size], Field(min_length=1)]


class ConvolutionalConfig(TypedDict):
    """Keys of all convolutional models."""

    vocab_size: Size
    hidden_size: Size
    num_hidden_layers: Annotated[int, Field(ge=1, le=1000)]
    num_attention_heads: Size
    intermediate_size: Size
    conv_dim: Sizes
    conv_kernel: Sizes
    conv_stride: Sizes
    num_conv_pos_embeddings: Size
    num_conv_pos_embedding_groups: Size
    layer_norm_eps: Positive
    hidden_dropout: Share
    attention_dropout: Share
    activation_dropout: Share
    feat_proj_dropout: Share
    final_dropout: Share
    mask_time_prob: Share
    mask_time_length: AtLeastOne
    mask_feature_prob: Share
    mask_feature_length: AtLeastOne
    add_adapter: NotRequired[Literal[False]]  # convolutions after the encoder, which the forward pass lacks


class NormedConfig(ConvolutionalConfig):
    """Keys of models whose front-end has group norm after its first convolution, or layer norm after each."""

    feat_extract_norm: Literal["group", "layer"]


def check(values: dict[str, Any], keys: type[ConvolutionalConfig], where: str) -> None:
    """Check that the values of `keys` exist and fit each other.

    Raises:
        UserError: a value is missing, of another type or out of range, or two do not fit each other.
    """
    config = checked(values, keys, where)
    parts = {
        "num_attention_heads": config["num_attention_heads"],
        "num_conv_pos_embedding_groups": config["num_conv_pos_embedding_groups"],
    }
    require_divisible(config["hidden_size"], "hidden_size", parts, where)
