"""Gradual magnitude pruning: sparsity rises along a cubic curve while the model is fine-tuned."""

from __future__ import annotations

from dataclasses import dataclass

from transformers import PreTrainedModel

from benchmark.toolbox.contract import Method
from benchmark.toolbox.job import Job
from benchmark.toolbox.masks import cubic_sparsity, magnitude_masks, no_masks
from benchmark.toolbox.references import Reference
from benchmark.training.hooks import State
from benchmark.training.masked_weights import MaskedWeights


class GradualMagnitude(Method):
    """Prune every matrix by magnitude along Zhu and Gupta's cubic curve, then hold the mask.

    Adaptations: it starts at the dense model's sparsity of zero; the ramp is a share of the budget and not a number
    of steps; and masks are computed anew `prunings` times during the ramp.
    """

    title = "Gradual magnitude"
    family = "unstructured"
    references = (Reference("Zhu and Gupta", 2018, "ICLR workshop", arxiv="1710.01878", note="equation 1"),)
    tunable = ("ramp", 0.4, 0.66)

    @dataclass(frozen=True)
    class Settings:
        """The ramp ends after the share `ramp` of the run; the mask is held from then on."""

        learning_rate: float = 2e-4
        ramp: float = 0.66
        prunings: int = 50

    settings: Settings

    def skip(self, job: Job) -> str | None:
        settings = self.settings
        if settings.prunings >= 1 and 0 < settings.ramp <= 1:
            return None
        return "`prunings` has to be at least 1, and `ramp` a share above 0"

    def compress(self, job: Job) -> PreTrainedModel:
        sparsity, settings = job.target.sparsity, self.settings
        held = MaskedWeights(job.encoder, no_masks(job.encoder))

        def prune(state: State) -> None:
            if state.crosses_milestone(settings.prunings, settings.ramp):
                reached = cubic_sparsity(
                    state.milestones(settings.prunings, settings.ramp) / settings.prunings, sparsity
                )
                held.update(magnitude_masks(job.encoder, keep=1 - reached))
                job.log(sparsity=reached)

        job.train(job.model, masks=held, after_step=prune, learning_rate=settings.learning_rate)
        return job.model
