"""A method's training phase before its first step, with the method's own hooks, parameter groups and optimiser."""

from __future__ import annotations

import copy
from dataclasses import replace

import torch

from benchmark.models.checkpoints import SpeechModel
from benchmark.models.regularisation import regularise
from benchmark.study.registry import load_method
from benchmark.system.errors import CannotCompress
from benchmark.toolbox.job import Job
from benchmark.training.loop import Phase

PLAIN = "dense_finetuned"
CALIBRATION_SECONDS = 32.0


class ReadyToTrain(Exception):
    """Carries a phase out of a method that is about to train."""

    def __init__(self, phase: Phase) -> None:
        super().__init__()
        self.phase = phase


class HeldJob(Job):
    """A job that raises its first training phase in `ReadyToTrain` instead of running it."""

    def _run(self, phase: Phase) -> list[dict[str, float]]:
        raise ReadyToTrain(phase)


def training_settings(name: str) -> dict[str, object]:
    """Settings that give a method a short calibration and training, even if it is a post-training method."""
    known = load_method(name).Settings.__dataclass_fields__
    wanted = {"calibration_seconds": CALIBRATION_SECONDS, "fine_tune": True}
    return {key: value for key, value in wanted.items() if key in known}


def on_device(speech_model: SpeechModel, device: torch.device) -> SpeechModel:
    """A copy of a model on the device, without dropout and SpecAugment, as studies train."""
    own = replace(speech_model, model=copy.deepcopy(speech_model.model))
    own.to(device)
    regularise(own.model, dropout=0.0, spec_augment=False)
    return own


def phase_of(name: str, job: Job) -> Phase:
    """The first training phase of a method on a `HeldJob`. Everything before it in the method is executed.

    Raises:
        CannotCompress: the method does not train, or cannot work on this model.
    """
    try:
        load_method(name)(training_settings(name)).compress(job)
    except ReadyToTrain as ready:
        return ready.phase
    raise CannotCompress("takes no training step")
