"""RigL: a sparse model whose connections move from small weights to where the gradient is large."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from transformers import PreTrainedModel

from benchmark.toolbox.contract import Method
from benchmark.toolbox.job import Job
from benchmark.toolbox.masks import magnitude_masks
from benchmark.toolbox.references import Reference
from benchmark.training.hooks import State
from benchmark.training.masked_weights import MaskedWeights


def moved_share(progress: float, alpha: float, until: float) -> float:
    """f = alpha / 2 (1 + cos(pi t / T_end)): share of the connections that move, none after T_end."""
    return alpha / 2 * (1 + math.cos(math.pi * progress / until)) if progress < until else 0.0


def rewire(weight: torch.Tensor, gradient: torch.Tensor, mask: torch.Tensor, moved: int) -> torch.Tensor:
    """The mask without its `moved` smallest weights and with as many new ones, those with the largest |gradient|.

    The number of connections stays the same, and no weight that was just dropped grows back.
    """
    smallest = weight.abs().masked_fill(~mask, torch.inf).flatten().topk(moved, largest=False).indices
    largest = gradient.abs().masked_fill(mask, -1.0).flatten().topk(moved).indices
    rewired = mask.flatten().clone()
    rewired[smallest], rewired[largest] = False, True
    return rewired.view_as(mask)


class RigL(Method):
    """Fine-tune at constant sparsity; at intervals drop the smallest weights and grow where the gradient is largest.

    New weights start at zero, and so do their moments. As in the paper, the gradient is that of one step's batch at the
    sparse weights. Adaptations: the first mask is the uniform magnitude mask of the dense model (the paper trains from
    scratch, with random ERK masks); a number of updates over the run replaces the steps between two updates.
    """

    title = "RigL"
    family = "unstructured"
    references = (
        Reference("Evci et al.", 2020, "ICML", arxiv="1911.11134", note="section 3; magnitude start: adaptation"),
    )
    tunable = ("alpha", 0.1, 0.3)

    @dataclass(frozen=True)
    class Settings:
        """`alpha`: share of the connections that move at first; `until`: share of the run after which none moves."""

        learning_rate: float = 2e-4
        alpha: float = 0.3
        until: float = 0.75
        updates: int = 20

    settings: Settings

    def skip(self, job: Job) -> str | None:
        settings = self.settings
        if settings.updates >= 1 and 0 < settings.until <= 1:
            return None
        return "`updates` has to be at least 1, and `until` a share above 0"

    def compress(self, job: Job) -> PreTrainedModel:
        settings = self.settings
        held = MaskedWeights(job.encoder, magnitude_masks(job.encoder, keep=job.target.keep))

        def rewire_all(state: State) -> None:
            if not state.crosses_milestone(settings.updates, settings.until):
                return
            share = moved_share(state.progress, settings.alpha, settings.until)
            masks = {matrix.name: held[matrix.name] for matrix in job.encoder}
            for matrix in job.encoder:
                weight, mask = matrix.linear.weight, masks[matrix.name]
                assert weight.grad is not None
                moved = min(round(share * int(mask.sum())), int((~mask).sum()))
                masks[matrix.name] = rewire(weight.detach(), weight.grad, mask, moved)
            held.update(masks)
            job.log(moved_share=share)

        job.train(job.model, masks=held, after_step=rewire_all, learning_rate=settings.learning_rate)
        return job.model
