"""Quant-Noise: in training, every forward pass sees a random part of the weights quantised.

Fan et al., ICLR 2021, arXiv 2004.07320. A matrix is cut into blocks of consecutive inputs. A forward draws a set J of
them, each block with probability p, and computes with phi(b) for the blocks b in J and with b itself for the others.
The weights themselves never change: the noise is a function of them, and their gradient is that of the noisy weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from benchmark.models.encoder import Matrix
from benchmark.models.gating import add_gates, remove_gates
from benchmark.toolbox.straight_through import straight_through

Noise = Callable[[torch.Tensor], torch.Tensor]  # from a weight (outputs, inputs) to a noisy one


def rounding_noise(weight: torch.Tensor, rounded: Noise, rate: float) -> torch.Tensor:
    """phi rounds, and a block is a single weight: the share `rate` of the weights takes its value in `rounded`."""
    return torch.where(torch.rand_like(weight) < rate, rounded(weight), weight)


def zeroing_noise(weight: torch.Tensor, block: int, rate: float) -> torch.Tensor:
    """phi is zero, the proxy of product quantisation, and the other blocks are divided by 1 - p.

    The expected noisy weight is the weight.

    Args:
        weight: (outputs, inputs).
        block: number of inputs in a block; it divides the inputs.
        rate: p, below 1.
    """
    blocks = weight.unflatten(1, (-1, block))
    kept = torch.rand_like(blocks[..., :1]) >= rate
    noisy: torch.Tensor = (blocks * kept / (1 - rate)).flatten(1)
    return noisy


class QuantisationNoise(nn.Module):
    """A gate that adds noise to a weight, but only in training mode; gradients pass straight through."""

    def __init__(self, noise: Noise) -> None:
        super().__init__()
        self.noise = noise

    def forward(self, weight: torch.Tensor) -> torch.Tensor:  # noqa: D102
        return straight_through(self.noise(weight.detach()), weight) if self.training else weight


@contextmanager
def quantisation_noise(matrices: Iterable[Matrix], noise: Noise) -> Iterator[None]:
    """In this context, the matrices are noisy in every forward pass in training mode, and their weights are trained."""
    matrices = list(matrices)
    add_gates(matrices, lambda _weight: QuantisationNoise(noise))
    yield  # an error leaves the noise on: `benchmark.throughput` raises one to get the training out of here
    remove_gates(matrices, apply=False)


def undivided(matrix: Matrix, block: int) -> str | None:
    """Why a matrix cannot be cut into blocks of so many inputs; None if it can."""
    inputs = matrix.linear.in_features
    if block >= 1 and inputs % block == 0:
        return None
    return f"matrix {matrix.name} has {inputs} inputs, which do not divide into blocks of {block}"
