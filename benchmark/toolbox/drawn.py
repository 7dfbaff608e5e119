"""Quantities that a method offers for figures of its own. Imports no torch, because records use it too."""

from __future__ import annotations

from typing_extensions import TypedDict


class Drawn(TypedDict, closed=True):
    """Quantities for the figures of one method.

    Attributes:
        matrices: whether the sparsity of each encoder matrix is worth a figure.
        curves: quantities that the method logs, with the labels of their axes. A quantity `q` is logged as `q`, or for
            each part of each layer as `q_<layer>.<part>`. `sparsity`, a share, is drawn in per cent beside the target.
    """

    matrices: bool
    curves: dict[str, str]
