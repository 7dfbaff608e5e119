"""Converts models to the form that plain `transformers` builds from a config: equal layers, dense tensors."""

from __future__ import annotations

from transformers import PreTrainedConfig, PreTrainedModel

from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.encoder import Encoder
from benchmark.models.folder_state import plain_config
from benchmark.models.in_floats import in_floats
from benchmark.models.shapes import layer_shapes


def plain_form(model: PreTrainedModel) -> PreTrainedModel | None:
    """Return the same model, all in floats, built by `transformers` alone; None if its layers do not allow that.

    A config describes equal layers only, and the architecture says which of them. Weights shared by layers are copied
    for each layer.
    """
    config = _config_of_shape(model)
    if config is None:
        return None
    plain = architecture_of(model).build(config)
    plain.load_state_dict(in_floats(model).state_dict())
    plain.eval()
    return plain


def _config_of_shape(model: PreTrainedModel) -> PreTrainedConfig | None:
    """The config from which plain `transformers` builds these shapes, or None."""
    shapes = layer_shapes(model)
    sizes = {(shape["heads"], shape["neurons"]) for shape in shapes}
    if len(sizes) != 1 or not all(matrix.form.plain for matrix in Encoder(model)):
        return None
    heads, neurons = sizes.pop()
    return architecture_of(model).uniform_config(plain_config(model), len(shapes), heads, neurons)
