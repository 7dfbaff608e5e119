"""The target size of a compressed model."""

from __future__ import annotations

from dataclasses import dataclass

NO_TARGET = "this run has no `job.target`: see `takes_target` and `one_training` of the method"


@dataclass(frozen=True)
class Target:
    """How small the model must become.

    `sparsity` is the share of the encoder matrices' weights to remove; a family that does not remove single
    weights removes the same number of whole-model parameters.
    """

    sparsity: float
    encoder_parameters: int
    total_parameters: int

    @property
    def keep(self) -> float:
        """Share of the encoder matrices' weights that stays."""
        return 1 - self.sparsity

    @property
    def removed(self) -> int:
        """Parameters to remove from the whole model."""
        return round(self.sparsity * self.encoder_parameters)

    @property
    def remaining(self) -> int:
        """Parameters of the whole model that may stay."""
        return self.total_parameters - self.removed
