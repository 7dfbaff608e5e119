"""Checks of a model's `config.json`, made before anything is built from it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, cast

from pydantic import Field
from typing_extensions import TypedDict

from benchmark.models.architectures.lookup import architecture_named
from benchmark.models.architectures.sizes import ModelConfig
from benchmark.models.shapes import LayerShape
from benchmark.models.source import estimated_parameters, layers
from benchmark.system.errors import UserError
from benchmark.system.validated import checked

MOST_WEIGHTS = 10**10  # ten times the largest wav2vec 2.0; more is a mistake, and fits into no memory


class _Ours(TypedDict):
    """The suite's own keys."""

    layer_shapes: NotRequired[Annotated[list[LayerShape], Field(min_length=1)]]
    int8: NotRequired[Literal["dynamic", "weight_only"]]
    shared: NotRequired[dict[str, str]]
    runtime: NotRequired[Literal["sparse"]]


def check_config(values: dict[str, Any], where: str) -> None:
    """Refuse a configuration from which no working model can be built.

    Raises:
        UserError: its architecture is not supported, a value is missing, of another type or out of range, or two do
            not fit each other.
    """
    architecture_named(values["model_type"], where).check_config(values, where)
    config = cast(ModelConfig, values)
    shapes = checked(values, _Ours, where).get("layer_shapes")
    if shapes is not None and len(shapes) != layers(config):
        raise UserError(f"{where}: layer_shapes has {len(shapes)} layers, but the model has {layers(config)}")
    if (weights := estimated_parameters(config)) > MOST_WEIGHTS:
        raise UserError(f"{where}: a model of these sizes has {weights:,} weights, more than {MOST_WEIGHTS:,}")
