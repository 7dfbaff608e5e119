"""The share of weights removed from each matrix of each layer, as a grid for figures and pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmark.runs.records import MatrixSparsity, RunRecord

MATRICES = ("q", "k", "v", "out", "cross_q", "cross_k", "cross_v", "cross_out", "ffn_in", "ffn_out")
CROSS = "cross_"  # starts the names of the matrices that only a decoder's layer has
Grid = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MatrixShares:
    """The shares removed.

    Attributes:
        layers: the layers' names, one per row.
        matrices: the names of the matrices that occur, one per column.
        removed: the shares, shape (layers, matrices): negative if a method added weights, NaN if a layer has no such
            matrix.
    """

    layers: list[str]
    matrices: list[str]
    removed: Grid

    @property
    def lines(self) -> list[tuple[str, list[float | None]]]:
        """Each layer's name and its shares, with None if the layer has no such matrix."""
        shares = [[None if np.isnan(share) else float(share) for share in line] for line in self.removed]
        return list(zip(self.layers, shares, strict=True))


def matrix_shares(records: Sequence[RunRecord]) -> MatrixShares:
    """The mean shares over the runs of one row, each of which lists its matrices."""
    listed = [matrix for record in records for matrix in record["matrices"]]
    names = [name for name in MATRICES if any(matrix["matrix"] == name for matrix in listed)]
    layers = layer_names(listed)
    total, left = np.zeros((len(layers), len(names))), np.zeros((len(layers), len(names)))
    for matrix in listed:
        place = matrix["layer"], names.index(matrix["matrix"])
        total[place] += matrix["parameters"]
        left[place] += matrix["remaining"]
    removed: Grid = 1 - np.divide(left, total, out=np.full_like(left, np.nan), where=total > 0)
    return MatrixShares(layers, names, removed)


def layer_names(matrices: Sequence[MatrixSparsity]) -> list[str]:
    """`0`, `1` and so on; in a model with a decoder, `encoder 1` and on, then `decoder 1` and on."""
    layers = 1 + max(matrix["layer"] for matrix in matrices)
    decoder = {matrix["layer"] for matrix in matrices if matrix["matrix"].startswith(CROSS)}
    if not decoder:
        return [str(layer) for layer in range(layers)]
    first = min(decoder)  # the encoder's layers come first
    return [f"encoder {i + 1}" if i < first else f"decoder {i + 1 - first}" for i in range(layers)]


def has_decoder(record: RunRecord) -> bool:
    """Whether the model of a run has layers with cross-attention."""
    return any(matrix["matrix"].startswith(CROSS) for matrix in record.get("matrices", []))
