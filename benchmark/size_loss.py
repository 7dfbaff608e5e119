"""The three-branch size loss of Xu et al., 2025: it pushes a model's sparsity into a narrow band below the target."""

from __future__ import annotations


def size_sign(sparsity: float, target: float) -> int:
    """Branch of the size loss: +1 below the band [target - delta, target], -1 above it, 0 inside.

    delta is 0.002 for targets above 0.5 and 0.02 otherwise.
    """
    delta = 0.002 if target > 0.5 else 0.02
    return int(sparsity < target - delta) - int(sparsity > target)
