"""Distillation: a shallow student copied from the teacher learns its hidden layers, then transcripts and logits."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn
from transformers import PreTrainedModel

from benchmark.models.batch import Batch
from benchmark.models.encoder import Encoder
from benchmark.models.output import Output
from benchmark.toolbox.contract import Method
from benchmark.toolbox.distillation_losses import distance_and_cosine, identity_head, logit_divergence, spread_layers
from benchmark.toolbox.fewer_layers import shallow
from benchmark.toolbox.job import Job
from benchmark.toolbox.references import Reference
from benchmark.training.hooks import State


class PredictionHeads(nn.Module):
    """One linear head for each teacher layer that the student's last layer has to predict; dropped after training."""

    def __init__(self, width: int, layers: list[int]) -> None:
        super().__init__()
        self.layers = layers
        self.heads = nn.ModuleList([identity_head(width) for _ in layers])

    def loss(self, student: Output, teacher: Output, cosine_weight: float) -> torch.Tensor:
        """L1 distance plus `cosine_weight` times -log sigmoid of the cosine, over valid frames and layers.

        The two terms are 0 and 0.3133 (-log sigmoid(1)) when the prediction is exact.
        """
        losses = []
        for head, layer in zip(self.heads, self.layers, strict=True):
            predicted = head(student.hidden_states[-1])
            distance, cosine = distance_and_cosine(predicted, teacher.hidden_states[layer], student.valid)
            losses.append(distance - cosine_weight * F.logsigmoid(cosine).mean())
        return torch.stack(losses).mean()


class Distillation(Method):
    """Train a DistilHuBERT-style student on hidden layers, then fine-tune it with logit distillation.

    The student is the front-end and the first Transformer layers of the teacher. First its last layer predicts
    several hidden layers of the teacher through linear heads (L1 and cosine); then it is fine-tuned with its own loss
    and the KL divergence to the teacher's logits. Departures from DistilHuBERT: the heads start as identities, the
    layers to predict are spread evenly, FFNs are narrowed so that the student meets the suite's target, and there is a
    second stage (the paper uses the student as a frozen feature extractor).
    """

    title = "Distillation"
    family = "distilled"
    references = (
        Reference("Chang et al.", 2022, "ICASSP", arxiv="2110.01900", note="DistilHuBERT; adaptation"),
        Reference("Hinton et al.", 2015, arxiv="1503.02531", note="the CTC and logit stage"),
    )
    phases = 2
    tunable = ("first_share", 0.2, 0.4)

    @dataclass(frozen=True)
    class Settings:
        """`first_share`: share of the budget for the hidden-layer stage. The weights are those of the losses."""

        learning_rate: float = 1e-3
        first_share: float = 0.4
        predicted_layers: int = 3
        cosine_weight: float = 1.0
        logit_weight: float = 1.0
        temperature: float = 1.0

    settings: Settings

    def skip(self, job: Job) -> str | None:
        if len(job.encoder.stacks) > 1:
            return "it predicts the hidden layers of an encoder; an encoder-decoder has `distil_whisper`"
        return None

    def compress(self, job: Job) -> PreTrainedModel:
        settings = self.settings
        teacher = job.teacher()
        student = shallow(job.model, job.target)
        layers = spread_layers(len(Encoder(teacher).layers), settings.predicted_layers)
        heads = PredictionHeads(student.config.hidden_size, layers).to(student.device)

        def teach(batch: Batch, hidden_states: bool) -> Output:
            with torch.no_grad():
                return job.forward(teacher, batch, hidden_states=hidden_states)

        def hidden_loss(batch: Batch, _state: State) -> torch.Tensor:
            output = job.forward(student, batch, hidden_states=True)
            return heads.loss(output, teach(batch, True), settings.cosine_weight)

        def transcript_loss(batch: Batch, _state: State) -> torch.Tensor:
            output = job.forward(student, batch)
            divergence = logit_divergence(output, teach(batch, False), settings.temperature)
            loss: torch.Tensor = job.output_loss(output, batch) + settings.logit_weight * divergence
            return loss

        rate = settings.learning_rate
        job.train(student, extra=heads, loss=hidden_loss, learning_rate=rate, share=settings.first_share)
        job.train(student, loss=transcript_loss, learning_rate=rate)
        return student
