"""What a pipeline trains: a model, its cuts, and the batches of every step, the same in every process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

import torch

from benchmark.corpora.manifest import Dataset
from benchmark.models.architectures.architecture import Architecture
from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.checkpoints import SpeechModel, load
from benchmark.models.encoder import Encoder
from benchmark.models.regularisation import regularise
from benchmark.system.errors import UserError
from benchmark.toolbox.pipeline_cuts import CutSettings
from benchmark.training.batches import epoch_batches
from benchmark.training.features import Features
from benchmark.training.speech import Speech


@dataclass(frozen=True)
class Course:
    """A number of training steps at a constant learning rate, in fp32, without dropout and SpecAugment.

    Attributes:
        model: folder of the dense model.
        data: folder of the prepared corpus.
        split: the split to train on.
        features: the cached output of the frozen front-end; None to train from audio.
        cuts: the number of stages, and what crosses the cuts.
        batch_seconds: size of a micro-batch in seconds of audio.
        micro_batches: number of them in a step.
        device: `cpu`, or `cuda` for a GPU per stage.
    """

    model: Path
    data: Path
    split: str
    features: Path | None
    cuts: CutSettings
    learning_rate: float
    batch_seconds: float
    micro_batches: int
    steps: int
    seed: int = 0
    device: str = "cpu"

    def speech_model(self, device: torch.device) -> SpeechModel:
        """A copy of the dense model to train, on a device.

        Raises:
            UserError: the model cannot be read, or cannot be divided into stages.
        """
        speech_model = load(self.model)
        require_divisible(speech_model, self.cuts.stages)
        speech_model.to(device)
        regularise(speech_model.model, dropout=0.0, spec_augment=False)
        if self.features is not None:
            architecture_of(speech_model.model).freeze_front_end(speech_model.model)
        speech_model.model.train()
        return speech_model

    def speech(self, speech_model: SpeechModel) -> Speech:
        """The split to train on."""
        features = Features(self.features) if self.features else None
        return Speech(speech_model, Dataset.open(self.data), self.split, features, training=True)

    def batches(self, speech: Speech) -> Iterator[list[list[int]]]:
        """The utterances of each micro-batch of each step; no utterance is twice in a step.

        Raises:
            UserError: an epoch has fewer batches than a step.
        """
        return islice(self._endless(speech), self.steps)

    def _endless(self, speech: Speech) -> Iterator[list[list[int]]]:
        for epoch in count():
            batches = epoch_batches(speech.seconds, self.batch_seconds, self.seed, epoch)
            if len(batches) < self.micro_batches:
                raise UserError(f"an epoch has {len(batches)} batches, fewer than the {self.micro_batches} of a step")
            for start in range(0, len(batches) - self.micro_batches + 1, self.micro_batches):
                yield batches[start : start + self.micro_batches]


def require_divisible(speech_model: SpeechModel, stages: int) -> None:
    """Refuse a model of which more crosses a cut than the hidden states, or that has fewer layers than stages.

    Raises:
        UserError: says why.
    """
    model, stacks = speech_model.model, Encoder(speech_model.model).stacks
    architecture = architecture_of(model)
    if len(stacks) > 1 or type(architecture).handed_on is not Architecture.handed_on:
        raise UserError(
            f"a {model.config.model_type} model cannot be run as a pipeline: its layers hand on more than hidden states"
        )
    if len(stacks[0]) < stages:
        raise UserError(f"{stages} stages need as many layers, but the model has {len(stacks[0])}")
