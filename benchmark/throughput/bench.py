"""A model with its speech at one precision, and who is timed on it: methods at their first step, and the Trainer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch

from benchmark.corpora.manifest import Dataset
from benchmark.models.checkpoints import SpeechModel, frozen_copy
from benchmark.runs.transcription import transcribe
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
from benchmark.training.precision import pick_device, uses_bf16, wait_for_gpu
from benchmark.training.speech import Speech

Precision = Literal["fp32", "bf16"]
SPARSITY = 0.65
RUN_STEPS = 10 * CURVE_POINTS  # length of the run that is begun: every tenth step is recorded
WARM_UP = 3


def usual_precision() -> Precision:
    """What a study takes on this device unless its file says otherwise."""
    return "bf16" if uses_bf16("auto", pick_device()) else "fp32"


@dataclass(frozen=True)
class Bench:
    """What is timed: a model, the split `SPLIT` of a dataset, in batches of so many seconds."""

    name: str
    ctc: SpeechModel
    dataset: Dataset
    batch_seconds: float
    precision: Precision
    folder: Path  # of the front-end's cached output and of checkpoints

    def job(self, method: str, steps: int, make: type[Job] = Job, *, from_audio: bool = False) -> Job:
        """A job for a method on a copy of the model, on a budget of so many plain steps."""
        ctc = on_device(self.ctc, pick_device())
        return make(
            ctc,
            Speech(ctc, self.dataset, SPLIT, None if from_audio else self._features(ctc)),
            Budget("work", 3 * self.batch_seconds * steps, Clock(wait_for_gpu)),
            Options(learning_rate=0.0, batch_seconds=self.batch_seconds, bf16=self.precision == "bf16"),
            sparsity=SPARSITY if load_method(method).takes_target else None,
            seed=0,
            frozen_frontend=True,
            checkpoints=self.folder / "checkpoints",
        )

    def loop(self, method: str, *, steps: int = RUN_STEPS, from_audio: bool = False, compiled: bool = False) -> Loop:
        """A method at its first training step of a run of so many, warmed up.

        `compiled`: each Transformer layer by `torch.compile`; all layers and batches of any shape share their graphs.
        """
        before = bytes_in_use()
        job = self.job(method, steps, HeldJob, from_audio=from_audio)
        if compiled:
            for layer in job.encoder.layers:
                layer.forward = torch.compile(layer.forward, dynamic=True)  # the meter's hooks stay outside the graph
        return Loop(phase_of(method, job), before, WARM_UP)

    def trainer(self, variant: str) -> HuggingFace:
        """Hugging Face's Trainer, from audio."""
        ctc = on_device(self.ctc, pick_device())
        return HuggingFace(variant, ctc, Speech(ctc, self.dataset, SPLIT), self.batch_seconds, self.folder)

    def transcription_speed(self) -> float:
        """Seconds of speech a second that the dense model transcribes, as in studies: in fp32, from audio."""
        ctc = on_device(self.ctc, pick_device())
        ctc = replace(ctc, model=frozen_copy(ctc.model))
        done = transcribe(ctc, Speech(ctc, self.dataset, SPLIT), self.batch_seconds)
        return done.audio_seconds / done.seconds

    def _features(self, ctc: SpeechModel) -> Features:
        """The front-end's output as a study caches it; computed once."""
        folder = self.folder / "features"
        write_features(ctc.model, Speech(ctc, self.dataset, SPLIT), folder, key=self.name)
        return Features(folder)
