"""The models to time: the embedded dense model, and full-size models with random weights."""

from __future__ import annotations

from collections.abc import Callable

from benchmark.models.checkpoints import SpeechModel, load
from benchmark.models.full_size import FULL_SIZE
from benchmark.system.errors import UserError, suggestion
from benchmark.system.project import ROOT


def embedded() -> SpeechModel:
    """The dense model of the default study."""
    return load(ROOT / "data" / "mini" / "model")


MODELS: dict[str, Callable[[], SpeechModel]] = {"embedded": embedded, **FULL_SIZE}


def built(name: str) -> SpeechModel:
    """A model by name, on the CPU. Random weights are the same in every call.

    Raises:
        UserError: the model does not exist.
    """
    if name not in MODELS:
        raise UserError(f'unknown model "{name}"{suggestion(name, list(MODELS))}')
    return MODELS[name]()
