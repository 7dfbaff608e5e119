"""Groups the columns of a run's curves by quantity, of the whole model or of each part of each layer."""

from __future__ import annotations

import re
from collections.abc import Iterable

PLACE = ("step", "phase", "progress")  # columns with a row's position in the training
OF_A_LAYER = re.compile(r"(?P<quantity>\w+)_\d+\.(?P<part>\w+)")  # e.g. threshold_3.ffn_in

Parts = dict[str | None, list[str]]


def quantities(columns: Iterable[str]) -> dict[str, Parts]:
    """The columns of all layers, by quantity and part; the part is None for a quantity of the whole model."""
    found: dict[str, Parts] = {}
    for column in columns:
        if column in PLACE:
            continue
        match = OF_A_LAYER.fullmatch(column)
        quantity, part = (match["quantity"], match["part"]) if match else (column, None)
        found.setdefault(quantity, {}).setdefault(part, []).append(column)
    return found
