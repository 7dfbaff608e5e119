"""Self-pinching gates: one learnable threshold per weight matrix, pruned and fine-tuned in one pass."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn
from transformers import PreTrainedModel

from benchmark.contract import Method
from benchmark.job import Job
from benchmark.models.encoder import Matrix
from benchmark.models.gating import add_gates, remove_gates, ungated
from benchmark.size_loss import size_sign
from benchmark.training.loop import State

HIGHEST_TEMPERATURE, LOWEST_TEMPERATURE = 0.5, 0.01


def where_kept(values: torch.Tensor, weight: torch.Tensor, threshold: torch.Tensor) -> torch.Tensor:
    """`values` where |weight| > |threshold|, zero elsewhere.

    It is the backward pass of `hardshrink`, one pass over memory on a CPU; a GPU would have to wait for the number.
    """
    if weight.device.type == "cpu":
        shrunk: torch.Tensor = torch.ops.aten.hardshrink_backward(values, weight, abs(float(threshold.detach())))
        return shrunk
    return values * (weight.abs() > threshold.abs())


class Pinch(torch.autograd.Function):
    """W * (|W| > |theta|) with the gradients of the soft mask m = sigmoid((W^2 - theta^2) / tau), closed form.

    With G the gradient of the gated weight, s' = m (1 - m) and lam the coefficient of the size loss (the number of
    kept weights), the straight-through estimator M = round(m) - stop_grad(m) + m gives
        dL/dW = G M + (G W + lam) s' 2 W / tau        dL/dtheta = -2 theta / tau  sum((G W + lam) s')
    so only W and theta are kept for the backward pass. The hard mask is the comparison itself: rounding the sigmoid
    would prune every |W| below 2e-4 at tau = 0.5, where fp32 rounds it to exactly one half.
    """

    @staticmethod
    def forward(  # noqa: D102
        ctx: torch.autograd.function.FunctionCtx,
        weight: torch.Tensor,
        threshold: torch.Tensor,
        temperature: float,
        size_coefficient: float,
    ) -> torch.Tensor:
        ctx.save_for_backward(weight, threshold)
        ctx.temperature, ctx.size_coefficient = temperature, size_coefficient  # type: ignore[attr-defined]
        return where_kept(weight, weight, threshold)

    @staticmethod
    def backward(  # noqa: D102
        ctx: torch.autograd.function.FunctionCtx, gradient: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, None, None]:
        weight, threshold = ctx.saved_tensors  # type: ignore[attr-defined]
        temperature: float = ctx.temperature  # type: ignore[attr-defined]
        size_coefficient = gradient.new_full((), ctx.size_coefficient)  # type: ignore[attr-defined]
        soft = torch.addcmul(-threshold.square() / temperature, weight, weight, value=1 / temperature).sigmoid_()
        factor = torch.ops.aten.sigmoid_backward(torch.addcmul(size_coefficient, gradient, weight), soft)
        to_weight = where_kept(gradient, weight, threshold).addcmul_(factor, weight, value=2 / temperature)
        return to_weight, factor.sum() * (-2 * threshold / temperature), None, None


class SelfPinchingGate(nn.Module):
    """A gate on one weight matrix, for `torch.nn.utils.parametrize`.

    Attributes:
        threshold: the learnable theta, a scalar parameter; |W| <= |theta| is pruned.
        temperature: tau of the soft mask.
        size_coefficient: lam, signed: positive asks for fewer weights, negative for more, zero inside the band.
    """

    def __init__(self, initial_threshold: float = 1e-5) -> None:
        super().__init__()
        self.threshold = nn.Parameter(torch.tensor(initial_threshold))
        self.temperature = HIGHEST_TEMPERATURE
        self.size_coefficient = 0.0

    def mask(self, weight: torch.Tensor) -> torch.Tensor:
        """Straight-through hard mask, in the weight's shape: exactly 0 or 1, with the soft mask's gradient."""
        soft = torch.sigmoid((weight.square() - self.threshold.square()) / self.temperature)
        hard = (weight.abs() > self.threshold.abs()).to(weight.dtype)
        return hard - soft.detach() + soft

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """The gated weight, M * W."""
        gated: torch.Tensor = Pinch.apply(weight, self.threshold, self.temperature, self.size_coefficient)  # type: ignore[no-untyped-call]
        return gated


def temperature(progress: float) -> float:
    """Cosine from 0.5 to 0.01 over the run."""
    span = HIGHEST_TEMPERATURE - LOWEST_TEMPERATURE
    return LOWEST_TEMPERATURE + 0.5 * span * (1 + math.cos(math.pi * progress))


class Gates:
    """All gates of a model, and the three-branch size loss that drives them into the target band."""

    def __init__(self, matrices: list[Matrix], initial_threshold: float) -> None:
        self.pairs = add_gates(matrices, lambda _weight: SelfPinchingGate(initial_threshold))
        self.parameters = sum(ungated(matrix).numel() for matrix in matrices)

    @property
    def thresholds(self) -> list[nn.Parameter]:
        """The learnable threshold of every gate."""
        return [gate.threshold for _, gate in self.pairs]

    @property
    def weights(self) -> list[tuple[torch.Tensor, SelfPinchingGate]]:
        """The ungated weights, each with its gate."""
        return [(ungated(matrix), gate) for matrix, gate in self.pairs]

    @torch.no_grad()
    def sparsity(self) -> float:
        """Share of the gated weights that is pruned."""
        kept = sum(where_kept(w, w, gate.threshold).count_nonzero() for w, gate in self.weights)
        return 1 - int(kept) / self.parameters

    def set(self, temperature: float, size_coefficient: float) -> None:
        """What every gate uses in the next step."""
        for _, gate in self.pairs:
            gate.temperature, gate.size_coefficient = temperature, size_coefficient

    def scale_to(self, sparsity: float) -> float:
        """Multiply all thresholds by one factor so that the sparsity is met to the weight; returns the factor.

        A weight is pruned when the factor exceeds |W| / |theta|, so the factor is a quantile of these ratios.
        """
        with torch.no_grad():
            ratios = torch.cat([(w.abs() / gate.threshold.abs()).flatten() for w, gate in self.weights])
            factor = float(ratios.kthvalue(max(1, round(sparsity * self.parameters))).values)
            for _, gate in self.pairs:
                gate.threshold.mul_(factor)
        return factor

    def remove(self) -> None:
        """Make the pruned weights real zeros and take the gates away."""
        remove_gates(matrix for matrix, _ in self.pairs)


class SelfPinching(Method):
    """Prune and fine-tune together: every encoder matrix learns its own magnitude threshold.

    The paper's recipe with two adaptations. lam = 2e-5 with a loss summed over 32 utterances belongs to a model of
    84.9 M gated weights, so the setting is `size_weight`, the loss in nats per utterance for the whole encoder
    (2e-5 * 84.9e6 / 32 = 53). Adam moves a threshold by about its learning rate a step, so the rate is derived from
    the run's length: the band must be within reach after `reach` of the steps. At the end all thresholds are scaled
    by one factor so that the target is met exactly; the factor is noted in the record.
    """

    title = "Self-pinching gates"
    family = "unstructured"
    source = "Xu et al., Interspeech 2025, arXiv 2505.22608 (authors' release SASPG-pruning)"
    tunable = ("size_weight", 300.0, 53.0)  # at 53 short runs do not reach the target

    @dataclass(frozen=True)
    class Settings:
        """`threshold_learning_rate` None: derived from the steps of the run so that the band is reached in time."""

        learning_rate: float = 2e-4
        size_weight: float = 53.0
        initial_threshold: float = 1e-5
        threshold_learning_rate: float | None = None
        reach: float = 0.3

    def compress(self, job: Job) -> PreTrainedModel:  # noqa: D102
        assert job.target is not None
        target, settings = job.target.sparsity, self.settings
        gates = Gates(job.encoder.matrices, settings.initial_threshold)
        quantile = uniform_threshold(job.encoder.matrices, target)
        thresholds = {id(t) for t in gates.thresholds}
        weights = [p for p in job.model.parameters() if p.requires_grad and id(p) not in thresholds]
        rate = settings.threshold_learning_rate or quantile / (settings.reach * job.expected_steps())

        def before_step(state: State) -> None:
            sparsity = gates.sparsity()
            coefficient = settings.size_weight / gates.parameters * size_sign(sparsity, target)
            gates.set(temperature(state.progress), coefficient)
            if state.recording:
                job.log(
                    sparsity=sparsity, **{f"threshold_{m.name}": float(g.threshold.detach()) for m, g in gates.pairs}
                )

        job.train(
            job.model,
            learning_rate=settings.learning_rate,
            before_step=before_step,
            parameter_groups=[{"params": weights}, {"params": gates.thresholds, "lr": rate}],
        )
        reached = gates.sparsity()
        factor = gates.scale_to(target)
        job.log(final_sparsity=reached, threshold_scale=factor)
        job.note(f"trained to sparsity {reached:.4f}; thresholds scaled by {factor:.4f} to meet {target:.4f}")
        gates.remove()
        return job.model


def uniform_threshold(matrices: list[Matrix], sparsity: float) -> float:
    """Mean over the matrices of the |W| quantile at `sparsity`: about where the thresholds have to go."""
    with torch.no_grad():
        quantiles = [
            ungated(m).abs().flatten().kthvalue(max(1, round(sparsity * ungated(m).numel()))).values for m in matrices
        ]
    return float(torch.stack(quantiles).mean())
