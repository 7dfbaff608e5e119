"""Converts models to the form that plain `transformers` builds from a config: equal layers, dense tensors."""

from __future__ import annotations

from bisect import bisect
from itertools import accumulate

from transformers import PreTrainedConfig, PreTrainedModel

from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.encoder import Encoder
from benchmark.models.folder_state import plain_config
from benchmark.models.in_floats import in_floats
from benchmark.models.units import UnitKind


def plain_form(model: PreTrainedModel) -> PreTrainedModel | None:
    """Return the same model, all in floats, built by `transformers` alone; None if its layers do not allow that.

    A config describes equal layers only, and the architecture says which of them. Weights shared by layers are copied
    for each layer.
    """
    config = _config_of_shape(model)
    if config is None:
        return None
    plain = architecture_of(model).build(config)
    if model.can_generate():
        plain.generation_config = model.generation_config
    plain.load_state_dict(in_floats(model).state_dict())
    plain.eval()
    return plain


def _config_of_shape(model: PreTrainedModel) -> PreTrainedConfig | None:
    """The config from which plain `transformers` builds these shapes, or None."""
    config, encoder = plain_config(model), Encoder(model)
    if not all(matrix.form.plain for matrix in encoder):
        return None
    depths = [len(stack) for stack in encoder.stacks]
    encoder.architecture.set_depths(config, depths)
    ends = list(accumulate(depths))
    widths: list[dict[UnitKind, set[int]]] = [{} for _ in depths]
    for units in encoder.units:
        widths[bisect(ends, units.layer)].setdefault(units.kind, set()).add(units.count)
    return config if encoder.architecture.set_widths(config, widths) else None
