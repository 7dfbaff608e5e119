"""L0 regularisation of heads and neurons by hard-concrete gates, trained with the model's loss."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from transformers import PreTrainedModel

from benchmark.models.batch import Batch
from benchmark.toolbox.contract import Method
from benchmark.toolbox.hard_concrete import L0Gates
from benchmark.toolbox.job import Job
from benchmark.toolbox.references import Reference
from benchmark.training.hooks import State


class L0Structured(Method):
    """Learn which heads and neurons to keep while fine-tuning, cut the others, and fine-tune further.

    This is HJ-pruning with the task's loss. Adaptations: gates on heads and neurons only (the front-end is frozen);
    the stages are shares of the budget; the rates of gates and multipliers follow from the number of steps (the
    paper's rate of 0.02, meant for 50,000 steps, closes no gate in a few hundred); the units least likely to be open
    are cut until the target is met to one neuron.
    """

    title = "L0 gates"
    family = "structured"
    references = (
        Reference("Peng et al.", 2023, "ICASSP", arxiv="2302.14132", note="HJ-pruning"),
        Reference("Louizos et al.", 2018, "ICLR", arxiv="1712.01312", note="gates"),
    )
    phases = 2
    tunable = ("search", 0.4, 0.6)

    @dataclass(frozen=True)
    class Settings:
        """`search`: share of the budget with gates; `ramp`: share of that in which the target rises.

        `gate_travel`, `size_weight`: how far a gate's log alpha, and a multiplier in nats per utterance, could get
        in the search at full rate.
        """

        learning_rate: float = 2e-4
        gate_travel: float = 30.0
        size_weight: float = 1000.0
        search: float = 0.4
        ramp: float = 0.3

    settings: Settings

    def skip(self, job: Job) -> str | None:
        settings = self.settings
        if 0 < settings.ramp <= 1 and 0 < settings.search < 1:
            return None
        return "`ramp` has to be a share above 0, and `search` one between 0 and 1"

    def compress(self, job: Job) -> PreTrainedModel:
        settings = self.settings
        gates = L0Gates(job.encoder.heads, job.encoder.neurons, job.target.removed).to(job.model.device)

        def loss(batch: Batch, state: State) -> torch.Tensor:
            penalty, sparsity = gates.penalty(min(1.0, state.progress / settings.ramp))
            job.log(sparsity=sparsity)
            return job.loss(batch) + penalty

        job.train(
            job.model,
            extra=gates,
            loss=loss,
            learning_rate=settings.learning_rate,
            share=settings.search,
            parameter_groups=[
                {"params": [p for p in job.model.parameters() if p.requires_grad]},
                *gates.parameter_groups(
                    job.expected_steps(settings.search),
                    gate_travel=settings.gate_travel,
                    size_weight=settings.size_weight,
                ),
            ],
        )
        gates.fold(job)
        job.train(job.model, learning_rate=settings.learning_rate)
        return job.model
