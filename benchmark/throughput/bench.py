"""A model with its speech at one precision, and the loops to time on it: methods' and Hugging Face's Trainer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch

from benchmark.corpora.manifest import Dataset
from benchmark.inference.transcription import transcribe
from benchmark.models.checkpoints import SpeechModel, frozen_copy
from benchmark.study.registry import load_method
from benchmark.throughput.phases import HeldJob, on_device, phase_of
from benchmark.throughput.timing import Loop, bytes_in_use
from benchmark.throughput.trainer import HuggingFace
from benchmark.throughput.utterances import SPLIT
from benchmark.toolbox.job import Job
from benchmark.training.budget import Budget, Clock
from benchmark.training.features import Features, write_features
from benchmark.training.loop import CURVE_POINTS
from benchmark.training.options import Options
from benchmark.training.precision import chosen_precision, pick_device, wait_for_gpu
from benchmark.training.speech import Speech

Precision = Literal["fp32", "bf16"]
SPARSITY = 0.65
RUN_STEPS = 10 * CURVE_POINTS  # length of the run that is started: every tenth step is recorded
WARM_UP = 3


def usual_precision() -> Precision:
    """The precision that a study uses on this device by default."""
    return chosen_precision("auto", pick_device())


@dataclass(frozen=True)
class Bench:
    """What is timed: a model on the split `SPLIT` of a dataset, in batches of `batch_seconds` of audio."""

    name: str
    speech_model: SpeechModel
    dataset: Dataset
    batch_seconds: float
    precision: Precision
    folder: Path  # for the front-end's cached output and for checkpoints

    def job(self, method: str, steps: int, make: type[Job] = Job, *, from_audio: bool = False) -> Job:
        """A job for a method on a copy of the model, with a budget of `steps` plain steps."""
        speech_model = on_device(self.speech_model, pick_device())
        return make(
            speech_model,
            self._speech(speech_model, None if from_audio else self._features(speech_model)),
            Budget("work", 3 * self.batch_seconds * steps, Clock(wait_for_gpu)),
            Options(learning_rate=0.0, batch_seconds=self.batch_seconds, bf16=self.precision == "bf16"),
            sparsity=SPARSITY if load_method(method).takes_target else None,
            seed=0,
            frozen_frontend=True,
            checkpoints=self.folder / "checkpoints",
        )

    def loop(self, method: str, *, steps: int = RUN_STEPS, from_audio: bool = False, compiled: bool = False) -> Loop:
        """A method's training loop in a run of `steps` steps, after the warm-up.

        `compiled` applies `torch.compile` to each Transformer layer. Layers and batches of all shapes share graphs.
        """
        before = bytes_in_use()
        job = self.job(method, steps, HeldJob, from_audio=from_audio)
        if compiled:
            for layer in job.encoder.layers:
                layer.forward = torch.compile(layer.forward, dynamic=True)  # the meter's hooks stay out of the graph
        return Loop(phase_of(method, job), before, WARM_UP)

    def trainer(self, variant: str) -> HuggingFace:
        """Hugging Face's Trainer, which computes everything from audio."""
        speech_model = on_device(self.speech_model, pick_device())
        return HuggingFace(variant, speech_model, self._speech(speech_model), self.batch_seconds, self.folder)

    def transcription_speed(self) -> float:
        """Seconds of speech per second that the dense model transcribes, as in studies: in fp32, from audio."""
        speech_model = on_device(self.speech_model, pick_device())
        speech_model = replace(speech_model, model=frozen_copy(speech_model.model))
        done = transcribe(speech_model, Speech(speech_model, self.dataset, SPLIT), self.batch_seconds)
        return done.audio_seconds / done.seconds

    def _features(self, speech_model: SpeechModel) -> Features:
        """The front-end's output, cached as in a study and computed only once."""
        folder = self.folder / "features"
        write_features(speech_model.model, self._speech(speech_model), folder, key=self.name)
        return Features(folder)

    def _speech(self, speech_model: SpeechModel, features: Features | None = None) -> Speech:
        """The speech as a study trains on it."""
        return Speech(speech_model, self.dataset, SPLIT, features, training=True)
