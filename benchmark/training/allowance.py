"""The `budget` section of a study file. No torch, since plans and records use it too."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from benchmark.system.typed_yaml import KEYS, Number

BudgetKind = Literal["work", "device_seconds"]
TOLERANCE = 0.01  # share of a budget's limit by which the last step may exceed it


@dataclass(frozen=True, config=KEYS)
class BudgetConfig:
    """What every run may compute, in work units or device seconds; see docs/budgets-and-sizes.md."""

    kind: BudgetKind
    """`work` or `device_seconds`"""
    limit: Annotated[Number, Field(gt=0, le=1_000_000_000)]
    """units of work, or seconds; at most 1e9, 31 years of a device"""
