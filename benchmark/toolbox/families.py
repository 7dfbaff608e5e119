"""What kinds of compression there are, and what data they need. No torch: records name them too."""

from __future__ import annotations

from typing import Literal

Family = Literal["dense", "control", "unstructured", "structured", "low-rank", "distilled", "quantised", "shared"]

Needs = Literal["labels", "calibration", "nothing"]
