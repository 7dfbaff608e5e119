"""Structured self-pinching gates: one learnable threshold for a layer's heads and one for its neurons."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn
from transformers import PreTrainedModel

from benchmark.contract import Method
from benchmark.job import Job
from benchmark.models.units import Units, keep_by_score
from benchmark.size_loss import size_sign
from benchmark.training.batches import Batch
from benchmark.training.loop import State

HIGHEST_TEMPERATURE, LOWEST_TEMPERATURE = 0.5, 0.01
LOWEST_SCORE = 1e-5


def temperature(progress: float) -> float:
    """Cosine from 0.5 to 0.01 over the first tenth of the run and back to 0.5 over the rest."""
    way = progress / 0.1 if progress < 0.1 else (1 - progress) / 0.9
    return LOWEST_TEMPERATURE + 0.5 * (HIGHEST_TEMPERATURE - LOWEST_TEMPERATURE) * (1 + math.cos(math.pi * way))


def normalised_scores(units: Units) -> torch.Tensor:
    """Energies (count,) between the layer's smallest and largest, plus 1e-5."""
    energy = units.energy()
    return (energy - energy.min()) / (energy.max() - energy.min() + 1e-12) + LOWEST_SCORE


class UnitGate(nn.Module):
    """One threshold theta: a unit is kept where its score exceeds theta squared.

    Attributes:
        threshold: learnable; starts at the square root of the smallest score.
        mask: straight-through hard mask (count,) of the current step, set by `update`.
    """

    mask: torch.Tensor

    def __init__(self, units: Units) -> None:
        super().__init__()
        self.units = units
        self.threshold = nn.Parameter(torch.tensor(LOWEST_SCORE**0.5))

    def update(self, temperature: float) -> None:
        """Draw the mask from the scores as they are: exactly 0 or 1, with the gradient of the soft mask."""
        margin = normalised_scores(self.units) - self.threshold.square()
        soft = torch.sigmoid(margin / (10 * temperature))
        self.mask = (margin > 0).to(soft.dtype) - soft.detach() + soft

    def size(self) -> torch.Tensor:
        """Parameters of the units that the mask keeps."""
        return self.units.cost * self.mask.sum()


class SelfPinchingStructured(Method):
    """Prune heads and neurons while fine-tuning: a threshold a layer and kind, on the energies of the units.

    Heads and neurons are really cut out in the end. Adaptations, as in `self_pinching`: the size loss is
    `size_weight` nats an utterance for all units (the authors' lam = 4e-5 on 84.9 M weights and 32 utterances is 106);
    the thresholds' rate is derived from the length of the run; at the end all thresholds are scaled by one factor, to
    the nearest neuron of the target, and one unit of each kind stays in every layer.
    """

    title = "Self-pinching, structured"
    family = "structured"
    source = "Xu et al., Interspeech 2025, arXiv 2505.22608 (section A2; authors' release SASPG-pruning)"
    tunable = ("size_weight", 106.0, 600.0)

    @dataclass(frozen=True)
    class Settings:
        """`reach`: share of the run after which a threshold at full rate has passed half of the scores' range."""

        learning_rate: float = 2e-4
        size_weight: float = 106.0
        threshold_learning_rate: float | None = None
        reach: float = 0.3

    def compress(self, job: Job) -> PreTrainedModel:  # noqa: D102
        assert job.target is not None
        target, settings = job.target, self.settings
        groups = [*job.encoder.heads, *job.encoder.neurons]
        gates = [UnitGate(units).to(job.model.device) for units in groups]
        handles = [gate.units.masked(gate) for gate in gates]
        everything = sum(units.cost * units.count for units in groups)
        wanted = target.removed / everything
        rate = settings.threshold_learning_rate or 0.5**0.5 / (settings.reach * job.expected_steps())

        def loss(batch: Batch, state: State) -> torch.Tensor:
            for gate in gates:
                gate.update(temperature(state.progress))
            size = torch.stack([gate.size() for gate in gates]).sum() / everything
            removed = 1 - float(size.detach())
            if state.recording:
                job.log(sparsity=removed, **{f"threshold_{g.units.name}": float(g.threshold.detach()) for g in gates})
            ctc = job.ctc_loss(job.forward(job.model, batch), batch)
            penalised: torch.Tensor = ctc + settings.size_weight * size_sign(removed, wanted) * size
            return penalised

        job.train(
            job.model,
            extra=nn.ModuleList(gates),
            loss=loss,
            learning_rate=settings.learning_rate,
            parameter_groups=[
                {"params": [p for p in job.model.parameters() if p.requires_grad]},
                {"params": [gate.threshold for gate in gates], "lr": rate},
            ],
        )
        reached = 1 - sum(float(gate.size().detach()) for gate in gates) / everything
        for handle in handles:
            handle.remove()
        with torch.no_grad():
            scores = [normalised_scores(gate.units) / gate.threshold.square() for gate in gates]
        for units, kept in zip(groups, keep_by_score(groups, scores, target.removed), strict=True):
            units.cut(kept)
        job.note(f"trained to {reached:.4f} of the units' parameters removed; cut to {wanted:.4f} by one common factor")
        return job.model
