"""Distillation: a shallow student copied from the teacher learns its hidden layers, then its transcripts and logits."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn
from transformers import PreTrainedModel

from benchmark.contract import CannotReachTarget, Method
from benchmark.footprint import total_parameters
from benchmark.job import Job, Target
from benchmark.models.checkpoints import count_parameters
from benchmark.models.encoder import Encoder
from benchmark.models.forward import Output
from benchmark.training.batches import Batch
from benchmark.training.loop import State


def student_of(teacher: PreTrainedModel, target: Target) -> PreTrainedModel:
    """The teacher's first layers, their FFNs narrowed so that exactly the target's number of parameters may remain.

    Takes the fewest layers that can hold the target, then cuts the same number of FFN neurons from each,
    those with the smallest ||W_in[j]||^2 + ||W_out[:, j]||^2 (the structured score of Xu et al., 2025).

    Raises:
        CannotReachTarget: the target leaves no neuron.
    """
    student = copy.deepcopy(teacher)
    depth = len(Encoder(teacher).layers)
    layer_size = count_parameters(Encoder(teacher).layers[0])
    layers = depth - (total_parameters(teacher) - target.remaining) // layer_size
    del Encoder(student).layers[layers:]
    width, neurons = student.config.hidden_size, student.config.intermediate_size
    excess = total_parameters(student) - target.remaining
    kept = neurons - round(excess / layers / (2 * width + 1))
    if kept < 1:
        raise CannotReachTarget(f"{layers} layers without any FFN neuron still exceed {target.remaining} parameters")
    for layer in Encoder(student).layers:
        narrow_ffn(layer.get_submodule("feed_forward"), kept)
    student.config.num_hidden_layers, student.config.intermediate_size = layers, kept
    return student


@torch.no_grad()
def narrow_ffn(feed_forward: nn.Module, kept: int) -> None:
    """Cut all but the `kept` strongest neurons out of an FFN."""
    first: nn.Linear = feed_forward.intermediate_dense  # type: ignore[assignment]
    second: nn.Linear = feed_forward.output_dense  # type: ignore[assignment]
    score = first.weight.square().sum(1) + second.weight.square().sum(0)
    neurons = score.topk(kept).indices.sort().values
    first.weight = nn.Parameter(first.weight[neurons].clone())
    first.bias = nn.Parameter(first.bias[neurons].clone())
    second.weight = nn.Parameter(second.weight[:, neurons].clone())
    first.out_features = second.in_features = kept


class PredictionHeads(nn.Module):
    """One linear head for each teacher layer that the student's last layer has to predict; dropped after training."""

    def __init__(self, width: int, layers: list[int]) -> None:
        super().__init__()
        self.layers = layers
        heads = [nn.Linear(width, width) for _ in layers]
        for head in heads:
            nn.init.eye_(head.weight)
            nn.init.zeros_(head.bias)
        self.heads = nn.ModuleList(heads)

    def loss(self, student: Output, teacher: Output, cosine_weight: float) -> torch.Tensor:
        """L1 distance plus `cosine_weight` times -log sigmoid of the cosine, over valid frames and layers.

        0 and 0.3133 (-log sigmoid(1)) when the prediction is exact.
        """
        last, valid = student.hidden_states[-1], student.valid
        losses = []
        for head, layer in zip(self.heads, self.layers, strict=True):
            predicted, wanted = head(last)[valid].float(), teacher.hidden_states[layer][valid].float()
            cosine = F.cosine_similarity(predicted, wanted, dim=-1)
            losses.append(F.l1_loss(predicted, wanted) - cosine_weight * F.logsigmoid(cosine).mean())
        return torch.stack(losses).mean()


def logit_divergence(student: Output, teacher: Output, temperature: float) -> torch.Tensor:
    """KL divergence from the teacher's to the student's frame posteriors, summed over frames, mean over utterances."""
    wanted = F.log_softmax(teacher.logits.float() / temperature, dim=-1)
    given = F.log_softmax(student.logits.float() / temperature, dim=-1)
    frames = (wanted.exp() * (wanted - given)).sum(-1) * student.valid
    return temperature**2 * frames.sum() / len(frames)


class Distillation(Method):
    """DistilHuBERT-style student, then CTC and logit distillation.

    The student is the front-end and the first Transformer layers of the teacher. First its last layer predicts
    several hidden layers of the teacher through linear heads (L1 and cosine); then it is fine-tuned with CTC and the
    KL divergence to the teacher's logits. Departures from DistilHuBERT: the heads start as identities, the layers to
    predict are spread evenly, FFNs are narrowed so that the student meets the suite's target, and the second stage
    (the paper uses the student as a frozen feature extractor).
    """

    title = "Distillation"
    family = "distilled"
    source = "Chang et al., DistilHuBERT, ICASSP 2022; CTC and logit stage: Hinton et al., 2015 (adaptation)"

    @dataclass(frozen=True)
    class Settings:
        """`first_share`: share of the budget for the hidden-layer stage; weights of the losses."""

        learning_rate: float = 1e-3
        first_share: float = 0.4
        predicted_layers: int = 3
        cosine_weight: float = 1.0
        logit_weight: float = 1.0
        temperature: float = 1.0

    def compress(self, job: Job) -> PreTrainedModel:  # noqa: D102
        assert job.target is not None
        settings = self.settings
        teacher = job.teacher()
        student = student_of(job.model, job.target)
        depth = len(Encoder(teacher).layers)
        count = min(settings.predicted_layers, depth)
        heads = PredictionHeads(student.config.hidden_size, [round(depth * (i + 1) / count) for i in range(count)]).to(
            student.device
        )

        def teach(batch: Batch, hidden_states: bool) -> Output:
            with torch.no_grad():
                return job.forward(teacher, batch, hidden_states=hidden_states)

        def hidden_loss(batch: Batch, _state: State) -> torch.Tensor:
            output = job.forward(student, batch, hidden_states=True)
            return heads.loss(output, teach(batch, True), settings.cosine_weight)

        def transcript_loss(batch: Batch, _state: State) -> torch.Tensor:
            output = job.forward(student, batch)
            divergence = logit_divergence(output, teach(batch, False), settings.temperature)
            loss: torch.Tensor = job.ctc_loss(output, batch) + settings.logit_weight * divergence
            return loss

        rate = settings.learning_rate
        job.train(student, extra=heads, loss=hidden_loss, learning_rate=rate, share=settings.first_share)
        job.train(student, loss=transcript_loss, learning_rate=rate)
        return student
