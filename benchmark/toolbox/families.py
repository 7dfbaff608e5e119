"""The families of methods, and the kinds of data that they need. Imports no torch, because records use it too."""

from __future__ import annotations

from typing import Literal

Family = Literal[
    "dense", "control", "unstructured", "structured", "low-rank", "distilled", "quantised", "shared", "communication"
]

Needs = Literal["labels", "calibration", "nothing"]
