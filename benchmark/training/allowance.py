"""What a run may compute. No torch: plans and records are checked against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BudgetKind = Literal["work", "device_seconds"]
TOLERANCE = 0.01  # of a budget's limit: the last step may end a little beyond it


@dataclass(frozen=True)
class BudgetConfig:
    """What every run may compute, in work units or device seconds; see docs/budgets-and-sizes.md."""

    kind: BudgetKind
    limit: float
