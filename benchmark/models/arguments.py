"""The arguments of a layer's call, which `transformers` passes by position in one family and by name in another."""

from __future__ import annotations

import inspect
from typing import Any

from torch import nn


def by_name(layer: nn.Module, args: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a layer's call after the first one, its hidden states, by name."""
    _, *names = inspect.signature(layer.forward).parameters
    return dict(zip(names, args[1:], strict=False)) | options
