"""The contents of a packed folder: a model's config and tensors, with matrices in their forms and shared ones once."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Literal

import torch
from transformers import PreTrainedConfig, PreTrainedModel

from benchmark.models.encoder import Encoder
from benchmark.models.forms.form import Tensors
from benchmark.models.forms.lookup import form_of, stored_form
from benchmark.models.shapes import layer_shapes
from benchmark.models.sharing import shared_parameters, tie

Runtime = Literal["dense", "sparse"]  # kernels: for all matrices, or sparse ones where they are faster
OWN_KEYS = ("layer_shapes", "int8", "shared", "runtime")  # in a folder's config, besides those of transformers


def plain_config(model: PreTrainedModel) -> PreTrainedConfig:
    """A model's config with only the keys of transformers."""
    config: PreTrainedConfig = copy.deepcopy(model.config)
    for key in OWN_KEYS:
        if hasattr(config, key):
            delattr(config, key)
    return config


def folder_config(model: PreTrainedModel, runtime: Runtime = "dense") -> PreTrainedConfig:
    """A model's config with all that `restore` needs, and the kernels that `runtime_of` tells."""
    config, encoder = plain_config(model), Encoder(model)
    encoder.architecture.set_depths(config, [len(stack) for stack in encoder.stacks])
    config.layer_shapes = layer_shapes(model)
    for matrix in encoder:
        config.update(matrix.form.config)
    if shared := shared_parameters(model):
        config.shared = shared
    if runtime != "dense":
        config.runtime = runtime
    return config


def runtime_of(model: PreTrainedModel) -> Runtime:
    """The kernels that a loaded model's folder asks for."""
    runtime: Runtime = getattr(model.config, "runtime", "dense")
    return runtime


def plain_state(model: PreTrainedModel) -> Tensors:
    """The tensors of a model's folder by name: plain tensors on the CPU, before packing."""
    state: Tensors = model.state_dict()
    for name in _matrices(model):
        _taken(state, name)
        state |= {f"{name}.{key}": tensor for key, tensor in form_of(model.get_submodule(name)).tensors().items()}
    for name in shared_parameters(model):
        _taken(state, name)
    return {name: tensor.detach().cpu() for name, tensor in state.items()}


def restore(model: PreTrainedModel, state: Tensors) -> None:
    """Load a folder's tensors, the `plain_state` of another model, into a model of the folder's config and shape.

    Raises:
        ValueError, RuntimeError, AttributeError: the tensors do not fit the model.
    """
    state, shared = dict(state), getattr(model.config, "shared", {})
    for name, kept in shared.items():
        state |= {name + key.removeprefix(kept): state[key] for key in _keys(state, kept)}
    matrices = list(_matrices(model))
    for name in matrices:
        tensors, linear = _taken(state, name), model.get_submodule(name)
        assert isinstance(linear, torch.nn.Linear)
        model.set_submodule(name, stored_form(tensors).rebuild(linear, tensors, model.config))
    rest = model.load_state_dict(state, strict=False)
    missing = [key for key in rest.missing_keys if not key.startswith(tuple(f"{name}." for name in matrices))]
    if wrong := [*missing, *rest.unexpected_keys]:
        raise ValueError(f"{len(wrong)} tensors are missing or unexpected, the first is {wrong[0]}")
    if layer_shapes(model) != model.config.layer_shapes:
        raise ValueError("layer_shapes has other ranks than its tensors")
    tie(model, shared)


def _matrices(model: PreTrainedModel) -> Iterable[str]:
    """Names of the modules of the encoder's matrices; a shared one is listed under all its names."""
    linears = {matrix.linear for matrix in Encoder(model)}
    named = model.named_modules(remove_duplicate=False)
    return [name for name, module in named if module in linears]


def _keys(state: Tensors, name: str) -> list[str]:
    """Keys of the tensors of a module, or of a parameter, which a form may store as several tensors."""
    return [key for key in state if key == name or key.startswith(f"{name}.")]


def _taken(state: Tensors, name: str) -> Tensors:
    """Remove the tensors of a module or parameter and return them, named relative to it."""
    return {key.removeprefix(f"{name}."): state.pop(key) for key in _keys(state, name)}
