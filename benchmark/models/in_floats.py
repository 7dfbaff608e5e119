"""Conversion of a model that computes in other numbers to floats with the same values."""

from __future__ import annotations

import copy

from transformers import PreTrainedModel

from benchmark.models.encoder import Encoder
from benchmark.models.forms.lookup import form_of


def in_floats(model: PreTrainedModel) -> PreTrainedModel:
    """The model itself if it computes in floats, else a copy that does so with the same values.

    Weights that layers share become separate tensors of equal values in such a copy.
    """
    if all(matrix.form.floats() is matrix.linear for matrix in Encoder(model)):
        return model
    copied = copy.deepcopy(model)
    linears = {matrix.linear for matrix in Encoder(copied)}
    for name, module in list(copied.named_modules(remove_duplicate=False)):
        if module in linears:
            copied.set_submodule(name, form_of(module).floats())
    return copied
