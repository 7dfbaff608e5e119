"""The Cholesky factor of damped second moments, with which layer-by-layer methods weight the errors of a matrix."""

from __future__ import annotations

import torch

from benchmark.system.errors import CannotCompress


def damped_cholesky(moments: torch.Tensor, damping: float) -> torch.Tensor:
    """Lower Cholesky factor (n, n) of M + damping mean(diag M) I, in float64.

    Args:
        moments: M, symmetric (n, n), such as E[x x'] of the inputs of a matrix.
        damping: a share of the mean of M's diagonal.

    Raises:
        CannotCompress: M is singular even so: all inputs are zero, or some are not finite.
    """
    moments = moments.double()
    damped = moments + damping * moments.diagonal().mean() * torch.eye(len(moments), device=moments.device)
    try:
        factor: torch.Tensor = torch.linalg.cholesky(damped)
    except RuntimeError:  # torch.linalg.LinAlgError is one, but not in the type stubs
        raise CannotCompress("singular second moments: raise `damping`, or calibrate on more audio") from None
    return factor
