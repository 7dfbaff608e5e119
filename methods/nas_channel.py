"""NAS channel pruning: each layer's heads and neurons choose among seven keep ratios while the model is fine-tuned."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn
from transformers import PreTrainedModel

from benchmark.models.units import Units
from benchmark.toolbox.contract import Method
from benchmark.toolbox.job import Job
from benchmark.toolbox.masks import topk_mask
from benchmark.toolbox.references import Reference
from benchmark.toolbox.sparsity_loss import train_to_size
from benchmark.toolbox.unit_gates import UnitGate, UnitGates
from benchmark.training.hooks import State

RATIOS = (1.0, 0.75, 0.5, 0.25, 0.125, 0.1, 0.075)
FIRST_GUESS = (0.3, 0.2, 0.2, 0.2, 0.1, 0.1, 0.1)


class RatioChoice(UnitGate):
    """One logit per keep ratio of a layer's heads or neurons; each candidate keeps the units with the most energy.

    Attributes:
        logits: learnable (7,), the logarithms of the first guess.
        candidates: masks (7, count), at least one unit in each.
        mask: the candidate drawn for the current step (count,), with a gradient to all logits.
    """

    candidates: torch.Tensor

    def __init__(self, units: Units) -> None:
        super().__init__(units)
        self.logits = nn.Parameter((torch.tensor(FIRST_GUESS) / sum(FIRST_GUESS)).log())
        energy = units.squared_norm().detach()
        keeps = [max(1, round(ratio * units.count)) / units.count for ratio in RATIOS]
        self.register_buffer("candidates", torch.stack([topk_mask(energy, keep).float() for keep in keeps]))

    def draw(self, temperature: float) -> None:
        """Draw a candidate by hard Gumbel-softmax."""
        self.mask = F.gumbel_softmax(self.logits, tau=temperature, hard=True) @ self.candidates

    def size(self) -> torch.Tensor:
        """Parameters that the candidates keep, weighted by their probabilities."""
        return self.units.cost * (F.softmax(self.logits, dim=0) @ self.candidates.sum(1))

    def likeliest(self) -> torch.Tensor:
        """Mask (count,) of the candidate with the highest logit."""
        return self.candidates[int(self.logits.argmax())]


class NASChannel(Method):
    """Search the width of every layer by Gumbel-softmax over keep ratios, with the authors' three-branch size loss.

    Heads and neurons are really cut out at the end. Adaptations: the size loss is in nats per utterance, as in
    `self_pinching_structured`; the logits have their own learning rate, since short runs take few steps; units outside
    the likeliest candidates go first, then those with the least energy, so that the target is met to one neuron.
    """

    title = "NAS channel pruning"
    family = "structured"
    references = (Reference("Xu et al.", 2025, "Interspeech", arxiv="2505.22608", note="its NAS-CP baseline"),)
    tunable = ("size_weight", 600.0, 212.0)  # at the authors' 212, short runs may miss the target

    @dataclass(frozen=True)
    class Settings:
        """`temperature` of the Gumbel-softmax."""

        learning_rate: float = 2e-4
        logit_learning_rate: float = 2e-2
        size_weight: float = 212.0
        temperature: float = 1.0

    settings: Settings

    def compress(self, job: Job) -> PreTrainedModel:
        settings = self.settings
        choices = UnitGates([RatioChoice(units) for units in job.encoder.units], job.target.removed)
        choices.to(job.model.device)

        def draw(_state: State) -> None:
            for choice in choices.gates:
                choice.draw(settings.temperature)

        train_to_size(
            job,
            choices,
            draw=draw,
            learning_rate=settings.learning_rate,
            gate_learning_rate=settings.logit_learning_rate,
            size_weight=settings.size_weight,
        )
        masks = [choice.likeliest() for choice in choices.gates]
        left = sum(float(c.units.cost * mask.sum()) for c, mask in zip(choices.gates, masks, strict=True))
        with torch.no_grad():
            energies = [choice.units.squared_norm() / choice.units.squared_norm().max() for choice in choices.gates]
        choices.cut([2 * mask + energy for mask, energy in zip(masks, energies, strict=True)])
        removed = 1 - left / choices.everything
        job.note(f"the likeliest widths remove {removed:.4f} of the units; cut to {choices.target:.4f}")
        return job.model
