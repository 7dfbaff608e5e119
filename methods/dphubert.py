"""DPHuBERT: distil and prune jointly with L0 gates, cut, and distil further."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from transformers import PreTrainedModel

from benchmark.models.batch import Batch
from benchmark.models.encoder import Encoder
from benchmark.models.output import Output
from benchmark.toolbox.contract import Method
from benchmark.toolbox.distillation_losses import distance_and_cosine, identity_head, spread_layers
from benchmark.toolbox.hard_concrete import L0Gates
from benchmark.toolbox.job import Job
from benchmark.toolbox.references import Reference
from benchmark.training.hooks import State


class LayerHeads(nn.Module):
    """Linear heads through which a student's layer predicts the teacher's layer of the same depth.

    One head is for the input of the first layer; the other layers share a second one.
    """

    def __init__(self, width: int, layers: list[int]) -> None:
        super().__init__()
        self.layers = layers
        self.first, self.others = identity_head(width), identity_head(width)

    def loss(self, student: Output, teacher: Output) -> torch.Tensor:
        """L1 distance minus the cosine, over valid frames, summed over the layers."""
        losses = []
        for layer in (0, *self.layers):
            head = self.others if layer else self.first
            predicted = head(student.hidden_states[layer])
            distance, cosine = distance_and_cosine(predicted, teacher.hidden_states[layer], student.valid)
            losses.append(distance - cosine.mean())
        return torch.stack(losses).sum()


class DPHuBERT(Method):
    """Learn gates on heads and neurons by distilling the teacher's layers, cut the model, then distil further.

    The gates are hard-concrete. Adaptations: the second stage adds the model's loss, since the suite compares
    recognisers (the paper's model is fine-tuned afterwards), and has two thirds of the budget instead of one; the
    front-end is frozen and has no gates; warm-ups are shares of a stage; the rates of gates and multipliers follow from
    the number of steps (the paper's rate of 0.02, meant for 50,000 steps, closes no gate in a few hundred).
    """

    title = "DPHuBERT"
    family = "structured"
    references = (Reference("Peng et al.", 2023, "Interspeech", arxiv="2305.17651", note="release pyf98/DPHuBERT"),)
    phases = 2
    tunable = ("size_weight", 600.0, 200.0)

    @dataclass(frozen=True)
    class Settings:
        """`second_rate`: learning rate of the second stage, as a share of the first's.

        `ramp`: share of the first stage in which the target rises. `gate_travel`, `size_weight`: how far a gate's log
        alpha, and a multiplier in units of the loss, could get in the first stage at full rate.
        """

        learning_rate: float = 2e-4
        second_rate: float = 0.5
        gate_travel: float = 30.0
        size_weight: float = 600.0
        first_share: float = 1 / 3
        ramp: float = 0.1
        predicted_layers: int = 3
        distillation_weight: float = 1.0

    settings: Settings

    def skip(self, job: Job) -> str | None:
        if len(job.encoder.stacks) > 1:
            return "it distils the layers of an encoder, which an encoder-decoder has for a part of its layers only"
        return None if 0 < self.settings.ramp <= 1 else "`ramp` has to be a share above 0"

    def compress(self, job: Job) -> PreTrainedModel:
        settings = self.settings
        teacher = job.teacher()
        layers = spread_layers(len(Encoder(teacher).layers), settings.predicted_layers)
        heads = LayerHeads(job.model.config.hidden_size, layers).to(job.model.device)
        gates = L0Gates(job.encoder.heads, job.encoder.neurons, job.target.removed).to(job.model.device)

        def distilled(batch: Batch) -> tuple[Output, torch.Tensor]:
            with torch.no_grad():
                wanted = job.forward(teacher, batch, hidden_states=True)
            output = job.forward(job.model, batch, hidden_states=True)
            return output, heads.loss(output, wanted)

        def joint_loss(batch: Batch, state: State) -> torch.Tensor:
            penalty, sparsity = gates.penalty(min(1.0, state.progress / settings.ramp))
            job.log(sparsity=sparsity)
            return distilled(batch)[1] + penalty

        def second_loss(batch: Batch, _state: State) -> torch.Tensor:
            output, distance = distilled(batch)
            loss: torch.Tensor = job.output_loss(output, batch) + settings.distillation_weight * distance
            return loss

        learning = [p for module in (job.model, heads) for p in module.parameters() if p.requires_grad]
        job.train(
            job.model,
            extra=nn.ModuleList([heads, gates]),
            loss=joint_loss,
            learning_rate=settings.learning_rate,
            share=settings.first_share,
            warmup=0.3,
            parameter_groups=[
                {"params": learning},
                *gates.parameter_groups(
                    job.expected_steps(settings.first_share),
                    gate_travel=settings.gate_travel,
                    size_weight=settings.size_weight,
                ),
            ],
        )
        gates.fold(job)
        rate = settings.learning_rate * settings.second_rate
        job.train(job.model, extra=heads, loss=second_loss, learning_rate=rate)
        return job.model
