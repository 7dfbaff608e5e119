"""Masks over the encoder matrices, by matrix name, true where a weight stays."""

from __future__ import annotations

import torch
from torch import nn

from benchmark.models.encoder import Encoder

Masks = dict[str, torch.Tensor]


def top_mask(scores: torch.Tensor, keep: float) -> torch.Tensor:
    """Keep the highest `keep` share of `scores`, exact to one element: round(keep * count) of them."""
    count = round(keep * scores.numel())
    mask = torch.zeros(scores.numel(), dtype=torch.bool, device=scores.device)
    mask[scores.flatten().topk(count, sorted=False).indices] = True
    return mask.view_as(scores)


def no_masks(encoder: Encoder) -> Masks:
    """Keep everything."""
    return {matrix.name: torch.ones_like(matrix.weight, dtype=torch.bool) for matrix in encoder}


def magnitude_masks(encoder: Encoder, *, keep: float) -> Masks:
    """In every matrix, keep the same share of the largest weights."""
    return {matrix.name: top_mask(matrix.weight.detach().abs(), keep) for matrix in encoder}


def random_masks(encoder: Encoder, *, keep: float, generator: torch.Generator) -> Masks:
    """In every matrix, keep the same share of weights, chosen by lot."""
    return {matrix.name: top_mask(torch.rand(matrix.weight.shape, generator=generator), keep) for matrix in encoder}


def global_magnitude_masks(encoder: Encoder, *, keep: float, most: float = 0.99) -> Masks:
    """Keep the largest weights of the whole encoder, whichever matrix they are in.

    A matrix loses at most the share `most`, lest it be emptied; the others make up for it, so that the share kept over
    all matrices is exact to one weight.
    """
    magnitudes = {matrix.name: matrix.weight.detach().abs() for matrix in encoder}
    spared = {name: top_mask(values, 1 - most) for name, values in magnitudes.items()}
    ranked = [values.masked_fill(spared[name], torch.inf).flatten() for name, values in magnitudes.items()]
    kept = top_mask(torch.cat(ranked), keep).split([values.numel() for values in ranked])
    return {name: part.view_as(magnitudes[name]) for name, part in zip(magnitudes, kept, strict=True)}


def n_of_m_mask(scores: torch.Tensor, kept: int = 2, group: int = 4) -> torch.Tensor:
    """In each row keep the `kept` highest scores of every `group` consecutive inputs.

    Raises:
        ValueError: the inputs do not divide into groups.
    """
    if scores.shape[1] % group:
        raise ValueError(f"{scores.shape[1]} inputs do not divide into groups of {group}")
    grouped = scores.reshape(-1, group)
    mask = torch.zeros_like(grouped, dtype=torch.bool).scatter_(1, grouped.topk(kept, dim=1).indices, True)
    return mask.view_as(scores)


def cubic_sparsity(ramp: float, final: float) -> float:
    """s_f (1 - (1 - t)^3) for t in [0, 1] of a ramp: fast at first, when there is much to spare (Zhu and Gupta)."""
    return final * (1 - (1 - ramp) ** 3)


class HeldMasks(nn.Module):
    """Masks that training holds: pruned weights stay at zero, although Adam's momentum would revive them.

    A module, so that masks which change on the way are in the checkpoints.
    """

    def __init__(self, encoder: Encoder, masks: Masks) -> None:
        super().__init__()
        self.weights = {matrix.name: matrix.linear.weight for matrix in encoder if matrix.name in masks}
        self.optimizer: torch.optim.Optimizer | None = None  # of the phase that holds them
        for name, weight in self.weights.items():
            self.register_buffer(_buffer(name), masks[name].to(weight))  # a product of floats is the fastest mask

    def __getitem__(self, name: str) -> torch.Tensor:
        """The mask of a matrix, true where a weight stays."""
        return self.get_buffer(_buffer(name)).bool()

    @torch.no_grad()
    def set(self, masks: Masks) -> None:
        """Hold other masks from now on. A weight that comes back starts at zero, and so do its moments."""
        for name, mask in masks.items():
            self._forget(self.weights[name], mask & ~self[name])
            self.get_buffer(_buffer(name)).copy_(mask)
        self.hold()

    def _forget(self, weight: torch.Tensor, grown: torch.Tensor) -> None:
        state = self.optimizer.state[weight] if self.optimizer else {}
        for moment in ("exp_avg", "exp_avg_sq"):
            if moment in state:
                state[moment].masked_fill_(grown, 0)

    @torch.no_grad()
    def hold(self) -> None:
        """Zero the masked weights."""
        for name, weight in self.weights.items():
            weight.mul_(self.get_buffer(_buffer(name)))


def _buffer(name: str) -> str:
    return name.replace(".", "_")
