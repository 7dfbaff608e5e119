"""The speed of a model in a record. Does not import torch."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from benchmark.system.validated import Count, Positive


class Speedup(TypedDict, closed=True):
    """The dense model's transcription time over the compressed model's, measured alternately in several rounds."""

    median: Positive
    low: Positive
    high: Positive


class SparseSpeed(TypedDict, closed=True):
    """The speed of a compressed model in which matrices with many zeros are held sparse (`sparse_model.py`)."""

    matrices: Count  # held sparse, because that is faster
    speedup: NotRequired[Speedup]  # over the dense model without sparse matrices; absent if there are none
