"""What the suite relies on in a model's `config.json` and feature extractor, checked before anything is built of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, cast

from pydantic import Field
from typing_extensions import TypedDict

from benchmark.models.shapes import LayerShape
from benchmark.models.source import ModelConfig, total_parameters
from benchmark.system.errors import UserError
from benchmark.system.validated import AtLeastOne, Positive, Share, checked

Size = Annotated[int, Field(ge=1, le=2**16)]
Sizes = Annotated[list[Size], Field(min_length=1)]
MOST_WEIGHTS = 10**10  # ten times those of the largest wav2vec 2.0; more is a slip, and no memory holds it


class _Config(TypedDict):
    """Of wav2vec 2.0 and HuBERT alike; `layer_shapes` and `int8` are the suite's own."""

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
    feat_extract_norm: Literal["group", "layer"]
    hidden_dropout: Share
    attention_dropout: Share
    activation_dropout: Share
    feat_proj_dropout: Share
    final_dropout: Share
    mask_time_prob: Share
    mask_time_length: AtLeastOne
    mask_feature_prob: Share
    mask_feature_length: AtLeastOne
    layer_shapes: NotRequired[Annotated[list[LayerShape], Field(min_length=1)]]
    int8: NotRequired[Literal["dynamic", "weight_only"]]


class _Extractor(TypedDict):
    do_normalize: bool
    sampling_rate: Literal[16000]
    feature_size: Literal[1]


def check_config(values: dict[str, Any], where: str) -> None:
    """Refuse a configuration of which no model can be built, or none that hears and writes.

    Raises:
        UserError: a value is missing, of another type or out of range, or two do not fit each other.
    """
    config = checked(values, _Config, where)
    width = config["hidden_size"]
    for name in ("num_attention_heads", "num_conv_pos_embedding_groups"):
        if width % config[name]:
            raise UserError(f"{where}: hidden_size {width} cannot be divided by {name}")
    if len(config.get("layer_shapes", ())) > config["num_hidden_layers"]:
        raise UserError(f"{where}: layer_shapes has more layers than num_hidden_layers says")
    if (weights := total_parameters(cast(ModelConfig, config))) > MOST_WEIGHTS:
        raise UserError(f"{where}: a model of these sizes has {weights:,} weights, more than {MOST_WEIGHTS:,}")


def check_extractor(extractor: Any, where: str) -> bool:
    """Whether a feature extractor asks for audio of zero mean and unit variance.

    Raises:
        UserError: it does not say so, or is for another rate than 16 kHz or another number of channels than one.
    """
    values = {name: getattr(extractor, name, None) for name in _Extractor.__annotations__}
    return checked(values, _Extractor, where)["do_normalize"]
