"""Masks of the encoder matrices in training. Masked weights are zeroed here and nowhere else."""

from __future__ import annotations

import torch
from torch import nn

from benchmark.models.encoder import Encoder

Masks = dict[str, torch.Tensor]  # by matrix name, true where a weight is kept


class MaskedWeights(nn.Module):
    """Masks that keep pruned weights at zero in training, although Adam's momentum would revive them.

    This is a module, so that checkpoints include masks that change in training.
    """

    def __init__(self, encoder: Encoder, masks: Masks) -> None:
        super().__init__()
        self.weights = {matrix.name: matrix.linear.weight for matrix in encoder if matrix.name in masks}
        self.optimizer: torch.optim.Optimizer | None = None  # of the phase that uses the masks
        for name, weight in self.weights.items():
            self.register_buffer(_buffer(name), masks[name].to(weight))  # multiplying floats is the fastest way to mask

    def __getitem__(self, name: str) -> torch.Tensor:
        """The mask of a matrix, true where a weight is kept."""
        return self.get_buffer(_buffer(name)).bool()

    @torch.no_grad()
    def update(self, masks: Masks) -> None:
        """Replace the masks. A weight that is restored starts at zero, and so do its moments."""
        for name, mask in masks.items():
            self._forget(self.weights[name], mask & ~self[name])
            self.get_buffer(_buffer(name)).copy_(mask)
        self.apply_masks()

    def _forget(self, weight: torch.Tensor, grown: torch.Tensor) -> None:
        state = self.optimizer.state[weight] if self.optimizer else {}
        for moment in ("exp_avg", "exp_avg_sq"):
            if moment in state:
                state[moment].masked_fill_(grown, 0)

    @torch.no_grad()
    def apply_masks(self) -> None:
        """Zero the masked weights."""
        for name, weight in self.weights.items():
            weight.mul_(self.get_buffer(_buffer(name)))


def _buffer(name: str) -> str:
    return name.replace(".", "_")
