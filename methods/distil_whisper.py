"""Distil-Whisper: a student with fewer decoder layers learns the teacher's transcripts and distributions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from transformers import PreTrainedModel

from benchmark.models.batch import Batch
from benchmark.toolbox.contract import Method
from benchmark.toolbox.distillation_losses import logit_divergence
from benchmark.toolbox.fewer_layers import shallow
from benchmark.toolbox.job import Job
from benchmark.toolbox.references import Reference
from benchmark.training.hooks import State


class DistilWhisper(Method):
    """Copy the teacher's encoder and some decoder layers, and train on transcripts and on the teacher's logits.

    The loss is the paper's: cross-entropy of the transcript plus 0.8 times the KL divergence to the teacher's
    distribution over the next token. With `labels: teacher`, as in the paper, the transcripts are the teacher's own.
    Adaptations: FFNs are narrowed so that the student meets the suite's target, and encoder layers go too where the
    decoder's are not enough; the encoder is trained as well; no transcript is left out for its word error rate.
    """

    title = "Distil-Whisper"
    family = "distilled"
    references = (Reference("Gandhi et al.", 2023, arxiv="2311.00430", note="adaptation"),)
    tunable = ("labels", "reference", "teacher")

    @dataclass(frozen=True)
    class Settings:
        """`labels`: whose transcripts are learnt; `logit_weight`: of the KL divergence."""

        learning_rate: float = 2e-4
        labels: Literal["reference", "teacher"] = "reference"
        logit_weight: float = 0.8
        temperature: float = 1.0

    settings: Settings

    def skip(self, job: Job) -> str | None:
        if len(job.encoder.stacks) == 1:
            return "the model has no decoder whose layers could be distilled"
        return None

    def compress(self, job: Job) -> PreTrainedModel:
        settings = self.settings
        teacher = job.teacher()
        if settings.labels == "teacher":
            job.label_by(teacher)
        student = shallow(job.model, job.target, "even", decoder_first=True)

        def loss(batch: Batch, _state: State) -> torch.Tensor:
            output = job.forward(student, batch)
            with torch.no_grad():
                wanted = job.forward(teacher, batch)
            divergence = logit_divergence(output, wanted, settings.temperature)
            total: torch.Tensor = job.output_loss(output, batch) + settings.logit_weight * divergence
            return total

        job.train(student, loss=loss, learning_rate=settings.learning_rate)
        return student
