"""Compressed activations and gradients between the stages of a pipeline, in training."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from transformers import PreTrainedModel

from benchmark.models.batch import Batch
from benchmark.toolbox.contract import Method
from benchmark.toolbox.job import Job
from benchmark.toolbox.pipeline_cuts import Cuts, CutSettings
from benchmark.toolbox.references import Reference
from benchmark.training.hooks import State


class BoundaryCompression(Method):
    """Fine-tune with lossy codes for what crosses the cuts of a pipeline: activations forward, gradients backward.

    The model itself is not compressed: it is exported whole and without cuts. The evaluation `boundary` measures it
    with them too.

    Adaptations: TopK chooses among the values of a frame, and quantisation has a range per utterance, padding included.
    Neither depends on the other utterances of a batch. Buffers of feedback follow the lengths of the speech.
    """

    title = "Boundary compression"
    family = "communication"
    references = (
        Reference("Rudakov et al.", 2023, "Doklady Mathematics", arxiv="2401.07788"),
        Reference("Wang et al.", 2022, "NeurIPS", arxiv="2206.01299", note="AQ-SGD"),
        Reference("Richtarik et al.", 2021, "NeurIPS", arxiv="2106.05203", note="EF21"),
        Reference("Seide et al.", 2014, "Interspeech", note="error feedback"),
    )
    takes_target = False

    @dataclass(frozen=True)
    class Settings(CutSettings):
        """The learning rate is that of plain fine-tuning."""

        learning_rate: float = 2e-4

    settings: Settings

    def skip(self, job: Job) -> str | None:
        settings, layers = self.settings, len(job.encoder.stacks[0])
        if layers < settings.stages:
            return f"{settings.stages} stages need as many layers, but the encoder has {layers}"
        for name in ("activation_share", "gradient_share"):
            if not 0 < getattr(settings, name) <= 1:
                return f"{name} is {getattr(settings, name):g}, which must be above 0 and at most 1"
        return None

    def compress(self, job: Job) -> PreTrainedModel:
        cuts = Cuts(job.model, self.settings)

        def loss(batch: Batch, _state: State) -> torch.Tensor:
            with cuts.crossed(batch.utterances):
                return job.loss(batch)

        job.train(job.model, extra=cuts, loss=loss, learning_rate=self.settings.learning_rate)
        job.log(**cuts.bits_per_frame())
        return job.model
