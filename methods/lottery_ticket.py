"""Lottery tickets: train, prune a share by magnitude, rewind the others to the start, and repeat."""

from __future__ import annotations

from dataclasses import dataclass

from transformers import PreTrainedModel

from benchmark.toolbox.contract import Method
from benchmark.toolbox.job import Job
from benchmark.toolbox.masks import global_magnitude_masks
from benchmark.toolbox.references import Reference
from benchmark.toolbox.rewinding import rewind
from benchmark.training.masked_weights import Masks


class LotteryTicket(Method):
    """Iterative magnitude pruning with rewinding to the dense model.

    Every round trains, prunes the same share x of the remaining weights over the whole encoder, and resets the others
    to their values in the dense model. The last round trains the ticket. The sparsity after n rounds is
    1 - (1 - x)^n, so x follows from the target. Adaptations: rewinding to the fine-tuned model from which compression
    starts, not to the pre-trained one; and few rounds, since all of them share one budget.
    """

    title = "Lottery ticket"
    family = "unstructured"
    references = (
        Reference("Frankle and Carbin", 2019, "ICLR", arxiv="1803.03635"),
        Reference("Chen et al.", 2020, "NeurIPS", arxiv="2007.12223", note="pre-trained models"),
    )
    phases = 4  # three rounds of pruning, and the training of the ticket
    tunable = ("search_share", 0.3, 0.5)

    @dataclass(frozen=True)
    class Settings:
        """The `rounds` of pruning use `search_share` of the budget, the training of the ticket the rest."""

        learning_rate: float = 2e-4
        rounds: int = 3
        search_share: float = 0.5

    settings: Settings

    def compress(self, job: Job) -> PreTrainedModel:
        settings = self.settings
        start = {name: value.clone() for name, value in job.model.state_dict().items()}
        masks: Masks | None = None
        for number in range(1, settings.rounds + 1):
            share_of_rest = settings.search_share / (settings.rounds - (number - 1) * settings.search_share)
            job.train(job.model, masks=masks, learning_rate=settings.learning_rate, share=share_of_rest)
            masks = global_magnitude_masks(job.encoder, keep=job.target.keep ** (number / settings.rounds))
            rewind(job.model, start, masks)
        job.train(job.model, masks=masks, learning_rate=settings.learning_rate)
        return job.model
