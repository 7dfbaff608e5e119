"""PARP: prune, adjust, re-prune. Pruned weights are zeroed at intervals, but may grow back in between."""

from __future__ import annotations

from dataclasses import dataclass

from transformers import PreTrainedModel

from benchmark.toolbox.contract import Method
from benchmark.toolbox.job import Job
from benchmark.toolbox.masks import magnitude_masks, no_masks
from benchmark.toolbox.references import Reference
from benchmark.training.hooks import State
from benchmark.training.masked_weights import MaskedWeights


class PARP(Method):
    """Prune by magnitude, fine-tune without holding the mask, and prune again at intervals.

    Adaptations: the first mask comes from the dense CTC model (the paper's from the self-supervised one); masks are
    computed per matrix, at the same sparsity in each; a number of prunings over the run replaces the n steps between
    two prunings, which no source states. After the last pruning the mask is held for the share `settle` of the budget,
    so that the model is not returned right after a cut.
    """

    title = "PARP"
    family = "unstructured"
    references = (Reference("Lai et al.", 2021, "NeurIPS", arxiv="2106.05933"),)
    tunable = ("settle", 0.2, 0.5)

    @dataclass(frozen=True)
    class Settings:
        """`prunings`: their number, evenly spread; `settle`: share of the run after the last one."""

        learning_rate: float = 2e-4
        prunings: int = 20
        settle: float = 0.2

    settings: Settings

    def skip(self, job: Job) -> str | None:
        settings = self.settings
        if settings.prunings >= 1 and 0 <= settings.settle < 1:
            return None
        return "`prunings` has to be at least 1, and `settle` a share below 1"

    def compress(self, job: Job) -> PreTrainedModel:
        keep, settings = job.target.keep, self.settings
        MaskedWeights(job.encoder, magnitude_masks(job.encoder, keep=keep)).apply_masks()
        held = MaskedWeights(job.encoder, no_masks(job.encoder))

        def prune_again(state: State) -> None:
            until = 1 - settings.settle
            if state.crosses_milestone(settings.prunings, until):
                masks = magnitude_masks(job.encoder, keep=keep)
                MaskedWeights(job.encoder, masks).apply_masks()
                if state.milestones(settings.prunings, until) == settings.prunings:
                    held.update(masks)

        job.train(job.model, masks=held, after_step=prune_again, learning_rate=settings.learning_rate)
        return job.model
