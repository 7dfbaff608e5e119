"""Self-pinching gates on weights: a learnable threshold per matrix, with the soft mask's gradients in closed form.

Xu et al., Interspeech 2025, arXiv 2505.22608.
"""

from __future__ import annotations

import math

import torch
from torch import nn

from benchmark.models.encoder import Matrix
from benchmark.models.full_precision import at_least_fp32
from benchmark.models.gating import add_gates, remove_gates, ungated
from benchmark.toolbox.pieces import pieces

HIGHEST_TEMPERATURE, LOWEST_TEMPERATURE = 0.5, 0.01


def where_kept(
    values: torch.Tensor, weight: torch.Tensor, threshold: torch.Tensor, out: torch.Tensor | None = None
) -> torch.Tensor:
    """`values` where |weight| > |threshold|, zero elsewhere; the comparison is in fp32 at least, whatever their type.

    On a CPU this is the backward pass of `hardshrink`, one pass over memory, which takes the threshold as a number in
    the weight's own type. On a GPU the program would have to wait for that number.

    Args:
        values: in the weight's shape.
        weight: the ungated weight.
        threshold: a scalar.
        out: where to write the result; may be `values`.
    """
    out = torch.empty_like(values) if out is None else out
    weight, threshold = at_least_fp32(weight), at_least_fp32(threshold.detach())
    if weight.device.type == "cpu" and values.dtype == weight.dtype:
        number = abs(float(threshold))
        return torch.ops.aten.hardshrink_backward(values, weight, number, grad_input=out)  # type: ignore[no-any-return]
    return torch.mul(values, weight.abs() > threshold.abs(), out=out)


def pinch_gradients(
    gradient: torch.Tensor,
    weight: torch.Tensor,
    threshold: torch.Tensor,
    temperature: float,
    size_coefficient: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Gradients of W and theta for W * (|W| > |theta|), those of the soft mask m = sigmoid((W^2 - theta^2) / tau).

    With G the gradient of the gated weight, s' = m (1 - m) and lam the coefficient of the size loss (the number of
    kept weights), the straight-through estimator M = round(m) - stop_grad(m) + m gives
        dL/dW = G M + (G W + lam) s' 2 W / tau        dL/dtheta = -2 theta / tau  sum((G W + lam) s')
    so that only W and theta have to be kept for the backward pass. The hard mask is the comparison itself: rounding the
    sigmoid would prune every |W| below 2e-4 at tau = 0.5, where the sigmoid is exactly one half in fp32.

    Args:
        gradient: G, in the weight's shape and type; dL/dW may overwrite it.
        weight: W.
        threshold: theta, a scalar.
        temperature: tau.
        size_coefficient: lam, a scalar.
    """
    narrow = gradient.dtype
    gradient, weight, threshold = (at_least_fp32(tensor) for tensor in (gradient, weight, threshold))
    factor = torch.empty_like(weight)
    for g, w, f in pieces(gradient, weight, factor):
        soft = torch.addcmul(-threshold.square() / temperature, w, w, value=1 / temperature).sigmoid_()
        torch.ops.aten.sigmoid_backward(torch.addcmul(size_coefficient, g, w, out=f), soft, grad_input=f)
        where_kept(g, w, threshold, out=g).addcmul_(f, w, value=2 / temperature)
    return gradient.to(narrow), factor.sum() * (-2 * threshold / temperature)


class SelfPinchingGate(nn.Module):
    """A gate on one weight matrix, for `torch.nn.utils.parametrize`.

    Attributes:
        threshold: the learnable theta, a scalar parameter; |W| <= |theta| is pruned.
        gated: the gated weight M * W of the current step, whose gradient the backward passes fill in.
    """

    def __init__(self, initial_threshold: float) -> None:
        super().__init__()
        self.threshold = nn.Parameter(torch.tensor(initial_threshold))
        self.gated: torch.Tensor | None = None

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """The gated weight of the current step; between steps, the weight under its present mask, treated as fixed."""
        if self.gated is not None:
            return self.gated
        kept = where_kept(weight.detach(), weight.detach(), self.threshold)
        return weight.masked_fill(kept == 0, 0.0)


def annealed_temperature(progress: float) -> float:
    """tau of the soft mask: from 0.5 to 0.01 along a cosine, as `progress` goes from 0 to 1."""
    span = HIGHEST_TEMPERATURE - LOWEST_TEMPERATURE
    return LOWEST_TEMPERATURE + 0.5 * span * (1 + math.cos(math.pi * progress))


class SelfPinchingGates:
    """All gates of a model, and the three-branch size loss that drives them into the target band.

    Weights are gated, and the gates' gradients computed, once per step. The time that this takes and the size loss that
    it adds do not depend on the number of micro-batches. Call `begin` before a step's first forward, and `end` after
    its last backward.
    """

    def __init__(self, matrices: list[Matrix], initial_threshold: float) -> None:
        self.pairs = add_gates(matrices, lambda _weight: SelfPinchingGate(initial_threshold))
        weights = [ungated(matrix) for matrix in matrices]
        self.parameters = sum(weight.numel() for weight in weights)
        self._gated = weights[0].new_empty(self.parameters)  # one buffer, so that one pass counts kept weights
        parts = self._gated.split([weight.numel() for weight in weights])
        self._parts = [part.view_as(weight) for part, weight in zip(parts, weights, strict=True)]

    @property
    def thresholds(self) -> list[nn.Parameter]:
        """The learnable threshold of every gate."""
        return [gate.threshold for _, gate in self.pairs]

    @property
    def weights(self) -> list[tuple[torch.Tensor, SelfPinchingGate]]:
        """The ungated weights, each with its gate."""
        return [(ungated(matrix), gate) for matrix, gate in self.pairs]

    @torch.no_grad()
    def begin(self) -> float:
        """Gate all weights for the next step; return the share of them that is pruned."""
        sparsity = self.sparsity()
        for part, (_, gate) in zip(self._parts, self.pairs, strict=True):
            gate.gated = part.detach().requires_grad_()
        return sparsity

    @torch.no_grad()
    def end(self, temperature: float, size_coefficient: float) -> None:
        """Set the step's gradients of weights and thresholds.

        Args:
            temperature: tau of the soft mask.
            size_coefficient: lam, signed: positive asks for fewer weights, negative for more, zero inside the band.
        """
        coefficient = self.thresholds[0].new_full((), size_coefficient)
        for weight, gate in self.weights:
            assert gate.gated is not None
            assert gate.gated.grad is not None
            weight.grad, gate.threshold.grad = pinch_gradients(
                gate.gated.grad, weight, gate.threshold, temperature, coefficient
            )
            gate.gated = None

    @torch.no_grad()
    def sparsity(self) -> float:
        """Share of the gated weights that is pruned."""
        for part, (weight, gate) in zip(self._parts, self.weights, strict=True):
            for w, kept in pieces(weight, part):
                where_kept(w, w, gate.threshold, out=kept)
        return 1 - int(self._gated.count_nonzero()) / self.parameters

    @torch.no_grad()
    def uniform_threshold(self, sparsity: float) -> float:
        """Mean over the matrices of the |W| quantile at `sparsity`: about where the thresholds must end up."""
        quantiles = [
            at_least_fp32(w).abs().flatten().kthvalue(max(1, round(sparsity * w.numel()))).values
            for w, _ in self.weights
        ]
        return float(torch.stack(quantiles).mean())

    @torch.no_grad()
    def scale_to(self, sparsity: float) -> float:
        """Multiply all thresholds by one factor so that the sparsity is exact to one weight; return the factor.

        A weight is pruned when the factor exceeds |W| / |theta|, so the factor is a quantile of these ratios.
        """
        ratios = torch.cat([(at_least_fp32(w).abs() / gate.threshold.abs()).flatten() for w, gate in self.weights])
        factor = float(ratios.kthvalue(max(1, round(sparsity * self.parameters))).values)
        for _, gate in self.pairs:
            gate.threshold.mul_(factor)
        return factor

    def remove(self) -> None:
        """Set the pruned weights to zero and remove the gates."""
        remove_gates(matrix for matrix, _ in self.pairs)
