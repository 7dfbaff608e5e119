"""CrAM: a dense model whose loss stays low when it is pruned in one shot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import nn
from transformers import PreTrainedModel

from benchmark.models.encoder import Encoder
from benchmark.toolbox.contract import Method
from benchmark.toolbox.job import Job
from benchmark.toolbox.masks import global_magnitude_masks, n_of_m_mask
from benchmark.toolbox.references import Reference
from benchmark.toolbox.second_gradient import Gradient, Rule, RuledAdamW, moved
from benchmark.training.hooks import State
from benchmark.training.masked_weights import MaskedWeights, Masks

Cut = Callable[[], Iterable[tuple[torch.Tensor, torch.Tensor]]]  # the weights that are pruned, with their masks


def compression_aware(cut: Cut, *, rho: float, plus: bool, sparse_gradient: bool) -> Rule:
    """CrAM's gradient: g~ = grad L(C(w + rho g)), where g is the gradient at w and C prunes.

    Args:
        cut: chooses the masks M at the moved weights.
        rho: length of the move in units of g, which is not normalised.
        plus: CrAM+, g + g~ instead of g~.
        sparse_gradient: M g~ instead of g~.
    """

    def rule(gradient: Gradient, parameters: Sequence[nn.Parameter]) -> torch.Tensor:
        loss = gradient()
        clean = [parameter.grad for parameter in parameters]
        with moved(parameters):
            pruned = move_and_prune(parameters, rho, cut)
            gradient()
        if sparse_gradient:
            for weight, mask in pruned:
                if weight.grad is not None:
                    weight.grad.mul_(mask)
        if plus:
            for parameter, g in zip(parameters, clean, strict=True):
                if g is not None:
                    parameter.grad = g if parameter.grad is None else parameter.grad.add_(g)
        return loss

    return rule


@torch.no_grad()
def move_and_prune(parameters: Sequence[nn.Parameter], rho: float, cut: Cut) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Replace the weights w by C(w + rho g); returns the pruned ones with their masks."""
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.add_(parameter.grad, alpha=rho)
    pruned = list(cut())
    for weight, mask in pruned:
        weight.mul_(mask)
    return pruned


def n_of_m_masks(encoder: Encoder, *, kept: int, group: int) -> Masks:
    """Masks that keep the `kept` largest of every `group` consecutive weights along the inputs."""
    return {matrix.name: n_of_m_mask(matrix.weight.detach().abs(), kept, group) for matrix in encoder}


class CrAM(Method):
    """Train a dense model once so that it survives pruning at any target, and prune it in one shot.

    Every step takes two gradients: g at the weights w, and g~ at C(w + rho g), where C prunes by global magnitude at a
    sparsity drawn from `sparsities`. AdamW gets g + M g~, where M is the mask of C. With `pattern: "2:4"` C keeps 2 of
    4 or 4 of 8 weights along the inputs, by the toss of a coin, and in the end 2 of 4 stay. Adaptations: C prunes only
    the encoder's matrices, and leaves each at least 1 % of its weights; nothing is corrected after pruning. The paper
    computes the statistics of batch normalisation anew, which these models lack. Biases that give the outputs of all
    matrices their means back make the embedded model worse, not better: 61.2 % WER on dev instead of 22.9 % after
    pruning half of its weights.
    """

    title = "CrAM"
    family = "unstructured"
    references = (Reference("Peste et al.", 2023, "ICLR", arxiv="2207.14200"),)
    one_training = True
    tunable = ("rho", 1e-3, 1e-4)

    @dataclass(frozen=True)
    class Settings:
        """`rho`: length of the move to the second point, in units of the gradient, which is not normalised.

        `sparsities`: those that steps draw from, with the pattern `global`. `plus`: CrAM+ instead of CrAM, which gives
        AdamW only M g~. `sparse_gradient`: false gives it g~ without the mask.
        """

        learning_rate: float = 2e-4
        rho: float = 1e-3
        sparsities: Sequence[float] = (0.5, 0.7, 0.9)
        pattern: Literal["global", "2:4"] = "global"
        plus: bool = True
        sparse_gradient: bool = True

    settings: Settings

    def skip(self, job: Job) -> str | None:
        if not self.settings.sparsities or not all(0 <= sparsity < 1 for sparsity in self.settings.sparsities):
            return "`sparsities` takes at least one share, from 0 to below 1"
        if self.settings.pattern == "global":
            return None
        if job.target.sparsity != 0.5:
            return "2:4 removes half of the weights: its only target is 0.5"
        uneven = [matrix.name for matrix in job.encoder if matrix.linear.in_features % 8]
        return f"the inputs of {uneven[0]} do not divide into groups of 8" if uneven else None

    def compress(self, job: Job) -> PreTrainedModel:
        job.train_once(job.model, lambda: self._train(job))
        MaskedWeights(job.encoder, self._final_masks(job)).apply_masks()
        return job.model

    def _train(self, job: Job) -> None:
        settings, compressions = self.settings, self._compressions()
        compression = compressions[0]

        def draw(_state: State) -> None:  # not within the step, where the loop winds the generator back
            nonlocal compression
            compression = compressions[int(torch.randint(len(compressions), (), generator=job.generator))]

        def cut() -> list[tuple[torch.Tensor, torch.Tensor]]:
            masks = compression(job.encoder)
            return [(matrix.linear.weight, masks[matrix.name]) for matrix in job.encoder]

        rule = compression_aware(cut, rho=settings.rho, plus=settings.plus, sparse_gradient=settings.sparse_gradient)
        job.train(
            job.model,
            learning_rate=settings.learning_rate,
            before_step=draw,
            optimizer=partial(RuledAdamW, rule),
        )

    def _compressions(self) -> list[Callable[[Encoder], Masks]]:
        """The compressions that a step draws from."""
        if self.settings.pattern == "2:4":
            return [partial(n_of_m_masks, kept=kept, group=group) for kept, group in ((2, 4), (4, 8))]
        return [partial(global_magnitude_masks, keep=1 - sparsity) for sparsity in self.settings.sparsities]

    def _final_masks(self, job: Job) -> Masks:
        if self.settings.pattern == "2:4":
            return n_of_m_masks(job.encoder, kept=2, group=4)
        return global_magnitude_masks(job.encoder, keep=job.target.keep)
