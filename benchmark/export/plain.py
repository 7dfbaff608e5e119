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

    A config has one number of neurons for all layers, and derives the head width from the model's width and the number
    of heads, so it cannot express fewer heads of the same width. Weights shared by layers are copied for each layer.
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
    heads, neurons = ({shape[kind] for shape in shapes} for kind in ("heads", "neurons"))
    if (
        not all(matrix.form.plain for matrix in Encoder(model))
        or heads != {model.config.num_attention_heads}
        or len(neurons) != 1
    ):
        return None
    config = plain_config(model)
    config.num_hidden_layers, config.intermediate_size = len(shapes), neurons.pop()
    return config
