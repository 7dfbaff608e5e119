"""Structured self-pinching gates: one learnable threshold for each layer's heads and one for its neurons."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from transformers import PreTrainedModel

from benchmark.models.full_precision import at_least_fp32
from benchmark.models.units import Units
from benchmark.toolbox.contract import Method
from benchmark.toolbox.job import Job
from benchmark.toolbox.pinching_gate import annealed_temperature
from benchmark.toolbox.references import Reference
from benchmark.toolbox.sparsity_loss import train_to_size
from benchmark.toolbox.straight_through import straight_through
from benchmark.toolbox.unit_gates import UnitGate, UnitGates
from benchmark.training.hooks import State

LOWEST_SCORE = 1e-5


def temperature(progress: float) -> float:
    """Cosine from 0.5 to 0.01 over the first tenth of the run and back to 0.5 over the rest."""
    way = progress / 0.1 if progress < 0.1 else (1 - progress) / 0.9
    return annealed_temperature(way)


def normalised_scores(units: Units) -> torch.Tensor:
    """Energies (count,) scaled to [0, 1] between the layer's smallest and largest, plus 1e-5."""
    energy = units.squared_norm()
    return (energy - energy.min()) / (energy.max() - energy.min() + 1e-12) + LOWEST_SCORE


class PinchingGate(UnitGate):
    """One threshold theta: a unit is kept where its score exceeds theta squared.

    Attributes:
        threshold: learnable; starts at the square root of the smallest score.
        mask: straight-through hard mask (count,) of the current step.
    """

    def __init__(self, units: Units) -> None:
        super().__init__(units)
        self.threshold = nn.Parameter(torch.tensor(LOWEST_SCORE**0.5))

    def draw(self, temperature: float) -> None:
        """Set the mask from the current scores: exactly 0 or 1, with the gradient of the soft mask."""
        margin = normalised_scores(self.units) - at_least_fp32(self.threshold).square()
        soft = torch.sigmoid(margin / (10 * temperature))
        self.mask = straight_through((margin > 0).to(soft.dtype), soft)

    def size(self) -> torch.Tensor:
        """Parameters of the units that the mask keeps."""
        return self.units.cost * self.mask.sum()


class SelfPinchingStructured(Method):
    """Prune heads and neurons while fine-tuning, with one threshold per layer and kind on the units' energies.

    Heads and neurons are really cut out at the end. Adaptations, as in `self_pinching`: the size loss is
    `size_weight` nats per utterance for all units (the authors' lam = 4e-5 on 84.9 M weights, against a loss summed
    over the 16 utterances of a micro-batch, is 212; for HuBERT-large, 302 M weights and 4 utterances, 3020);
    the thresholds' rate is derived from the length of the run; at the end all thresholds are scaled by one factor, so
    that the target is met to one neuron, and one unit of each kind stays in every layer.
    """

    title = "Self-pinching, structured"
    family = "structured"
    references = (
        Reference("Xu et al.", 2025, "Interspeech", arxiv="2505.22608", note="authors' release SASPG-pruning"),
    )
    tunable = ("size_weight", 600.0, 212.0)  # at the authors' 212, short runs may miss the target

    @dataclass(frozen=True)
    class Settings:
        """`reach`: share of the run after which a threshold at full rate has passed half of the scores' range."""

        learning_rate: float = 2e-4
        size_weight: float = 212.0
        threshold_learning_rate: float | None = None
        reach: float = 0.3

    settings: Settings

    def skip(self, job: Job) -> str | None:
        settings = self.settings
        return None if settings.reach > 0 else "`reach` has to be above 0"

    def compress(self, job: Job) -> PreTrainedModel:
        settings = self.settings
        gates = UnitGates([PinchingGate(units) for units in job.encoder.units], job.target.removed)
        gates.to(job.model.device)

        def draw(state: State) -> None:
            for gate in gates.gates:
                gate.draw(temperature(state.progress))
            if state.recording:
                job.log(**{f"threshold_{g.units.name}": float(g.threshold.detach()) for g in gates.gates})

        train_to_size(
            job,
            gates,
            draw=draw,
            learning_rate=settings.learning_rate,
            gate_learning_rate=settings.threshold_learning_rate or 0.5**0.5 / (settings.reach * job.expected_steps()),
            size_weight=settings.size_weight,
        )
        reached = 1 - float(gates.size().detach())
        with torch.no_grad():
            gates.cut([normalised_scores(gate.units) / gate.threshold.square() for gate in gates.gates])
        job.note(
            f"trained to {reached:.4f} of the units' parameters removed; cut to {gates.target:.4f} by one common factor"
        )
        return job.model
