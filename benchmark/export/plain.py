"""Models in the form that plain `transformers` builds from a config: one shape for all layers, dense tensors."""

from __future__ import annotations

import copy

from transformers import PreTrainedConfig, PreTrainedModel

from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.forms.quantised import dequantised
from benchmark.models.shapes import layer_shapes

OURS = ("layer_shapes", "int8")  # what `benchmark.models.checkpoints.save` adds to a config


def plain_form(model: PreTrainedModel) -> PreTrainedModel | None:
    """The same model, integers as floats, built by `transformers` alone; None where its layers' shapes forbid it.

    A config has one number of neurons for all layers, and heads as wide as the model is over their number, so that
    fewer heads of the same width cannot be said, nor can factorised matrices.
    """
    config = plain_config(model)
    if config is None:
        return None
    plain = architecture_of(model).build(config)
    plain.load_state_dict(dequantised(model).state_dict())
    plain.eval()
    return plain


def plain_config(model: PreTrainedModel) -> PreTrainedConfig | None:
    """The config from which plain `transformers` builds these shapes, if there is one."""
    shapes = layer_shapes(model)
    heads, neurons = ({shape[kind] for shape in shapes} for kind in ("heads", "neurons"))
    factorised = any(shape["ranks"] for shape in shapes)
    if factorised or heads != {model.config.num_attention_heads} or len(neurons) != 1:
        return None
    config: PreTrainedConfig = copy.deepcopy(model.config)
    for name in OURS:
        if hasattr(config, name):
            delattr(config, name)
    config.num_hidden_layers, config.intermediate_size = len(shapes), neurons.pop()
    return config
