"""Sharpness-aware training, then global magnitude pruning: "Train flat, then compress"."""

from __future__ import annotations

from dataclasses import dataclass

from transformers import PreTrainedModel

from benchmark.toolbox.contract import Method
from benchmark.toolbox.job import Job
from benchmark.toolbox.masks import global_magnitude_masks
from benchmark.toolbox.references import Reference
from benchmark.toolbox.rewinding import rewind
from benchmark.toolbox.sharpness import FlatTraining, measure_sharpness, train_flat
from benchmark.training.masked_weights import MaskedWeights, Masks


class SAM(Method):
    """Train with sharpness-aware minimisation, and prune the flat model by global magnitude.

    With `rounds` this is iterative magnitude pruning: each round trains, prunes the same share of the remaining weights
    and resets the others to their start; then the ticket is trained. With `rounds: 0` the whole budget trains the dense
    model, which is pruned at once, and nothing follows. Every step takes two gradients, so a budget pays for half as
    many. Adaptations: rewinding to the fine-tuned model from which compression starts, not to the pre-trained one; few
    rounds, since all share one budget. Pruned weights are left out of SAM's norm.
    """

    title = "SAM, pruned"
    family = "unstructured"
    references = (
        Reference("Na et al.", 2022, "EMNLP Findings", arxiv="2205.12694", note="Train flat, then compress"),
        Reference("Foret et al.", 2021, "ICLR", arxiv="2010.01412", note="SAM"),
        Reference("Kwon et al.", 2021, "ICML", arxiv="2102.11600", note="ASAM"),
    )
    phases = 2  # a round of pruning, and the training of the ticket
    tunable = ("rho", 0.05, 0.01)

    @dataclass(frozen=True)
    class Settings(FlatTraining):
        """The `rounds` of pruning use `search_share` of the budget, the training of the ticket the rest."""

        rounds: int = 1
        search_share: float = 0.5

    settings: Settings

    def compress(self, job: Job) -> PreTrainedModel:
        settings = self.settings
        reserved = measure_sharpness(job, settings, "before")  # the measurement after training costs the same
        masks = self._ticket(job, reserved)
        train_flat(job, settings, masks, share=1 - reserved / job.budget.left if reserved else 1.0)
        measure_sharpness(job, settings, "after", masks)
        if masks is None:
            MaskedWeights(job.encoder, global_magnitude_masks(job.encoder, keep=job.target.keep)).apply_masks()
        return job.model

    def _ticket(self, job: Job, reserved: float) -> Masks | None:
        """Train, prune and rewind `rounds` times; returns the masks of what is left, or None without rounds."""
        settings, masks = self.settings, None
        start = {name: value.clone() for name, value in job.model.state_dict().items()}
        of_all_rounds = settings.search_share * (job.budget.left - reserved)
        for number in range(1, settings.rounds + 1):
            train_flat(job, settings, masks, share=of_all_rounds / settings.rounds / job.budget.left)
            masks = global_magnitude_masks(job.encoder, keep=job.target.keep ** (number / settings.rounds))
            rewind(job.model, start, masks)
        return masks
