"""Movement pruning: weights that move towards zero during fine-tuning are pruned, whatever their size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn
from transformers import PreTrainedModel

from benchmark.models.batch import Batch
from benchmark.models.gating import add_gates, remove_gates
from benchmark.toolbox.contract import Method
from benchmark.toolbox.job import Job
from benchmark.toolbox.masks import cubic_sparsity, topk_mask
from benchmark.toolbox.references import Reference
from benchmark.toolbox.straight_through import straight_through
from benchmark.training.hooks import State


class MovementGate(nn.Module):
    """A score for every weight of a matrix, for `torch.nn.utils.parametrize`.

    Attributes:
        scores: learnable, in the weight's shape; S grows where the weight moves away from zero.
        mask: 1 where a weight is kept now, 0 elsewhere.
    """

    mask: torch.Tensor

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.scores = nn.Parameter(torch.zeros_like(weight))
        self.register_buffer("mask", torch.ones_like(weight))

    @torch.no_grad()
    def keep(self, mask: torch.Tensor) -> None:
        """Keep the weights of `mask` from now on."""
        self.mask.copy_(mask)

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """The masked weight; dL/dS = dL/dW' * W, as if the mask were S itself."""
        return weight * straight_through(self.mask, self.scores)


class Movement(Method):
    """Learn a score for every weight beside the weight itself; keep those with the highest scores.

    `hard`: each matrix keeps its top scores along the cubic schedule, then the mask is held. `soft`: weights with
    sigmoid(S) above a threshold are kept, a penalty drives the sigmoids down, and at the end the top scores of the
    whole encoder are kept so that the target is met exactly. As in the release, scores accumulate over the first tenth
    of the run before any weight is pruned. Adaptation: the hard mask is held after the ramp; not so in the release.
    """

    title = "Movement pruning"
    family = "unstructured"
    references = (
        Reference(
            "Sanh et al.", 2020, "NeurIPS", arxiv="2005.07683", note="release: research projects of transformers"
        ),
    )
    tunable = ("end", 0.8, 0.9)

    @dataclass(frozen=True)
    class Settings:
        """`begin`, `end`: shares of the run between which sparsity rises (hard only).

        `score_learning_rate`: matters for `soft` only; `hard` ranks the scores, which does not depend on it.
        `penalty`: weight of the mean sigmoid of the scores, in nats per utterance (soft only).
        """

        kind: Literal["hard", "soft"] = "hard"
        learning_rate: float = 2e-4
        score_learning_rate: float = 1e-2
        begin: float = 0.1
        end: float = 0.8
        threshold: float = 0.1
        penalty: float = 100.0

    settings: Settings

    def skip(self, job: Job) -> str | None:
        settings = self.settings
        if 0 <= settings.begin < settings.end <= 1:
            return None
        return "`begin` and `end` have to be shares, the first below the second"

    def compress(self, job: Job) -> PreTrainedModel:
        target, settings = job.target, self.settings
        pairs = add_gates(job.encoder.matrices, MovementGate)
        scores = [module.scores for _, module in pairs]
        known = {id(score) for score in scores}
        weights = [p for p in job.model.parameters() if p.requires_grad and id(p) not in known]

        def select(state: State) -> None:
            if settings.kind == "soft":
                for _, module in pairs:
                    module.keep(module.scores.sigmoid() > settings.threshold)
            elif settings.begin < state.progress and state.began < settings.end:
                ramp = min(1.0, (state.progress - settings.begin) / (settings.end - settings.begin))
                for _, module in pairs:
                    module.keep(topk_mask(module.scores.detach(), 1 - cubic_sparsity(ramp, target.sparsity)))

        def loss(batch: Batch, _state: State) -> torch.Tensor:
            plain = job.loss(batch)
            if settings.kind == "hard":
                return plain
            size: torch.Tensor = torch.stack([score.sigmoid().sum() for score in scores]).sum()
            penalised: torch.Tensor = plain + settings.penalty * size / target.encoder_parameters
            return penalised

        job.train(
            job.model,
            learning_rate=settings.learning_rate,
            loss=loss,
            after_step=select,
            parameter_groups=[{"params": weights}, {"params": scores, "lr": settings.score_learning_rate}],
        )
        if settings.kind == "soft":
            reached = 1 - sum(int(module.mask.sum()) for _, module in pairs) / target.encoder_parameters
            job.note(f"trained to sparsity {reached:.4f}; the highest scores were kept to meet {target.sparsity:.4f}")
            kept = topk_mask(torch.cat([score.detach().flatten() for score in scores]), target.keep)
            for (_, module), part in zip(pairs, kept.split([score.numel() for score in scores]), strict=True):
                module.keep(part.view_as(module.mask))
        remove_gates(job.encoder.matrices)
        return job.model
