"""The training of a course: by the stages of a pipeline, and by one process with the same cuts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import nn
from torch.distributed.pipelining import ScheduleGPipe

from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.forward import forward
from benchmark.pipeline.course import Course
from benchmark.pipeline.part import Part
from benchmark.pipeline.stage import CompressedStage
from benchmark.toolbox.lossy_codes import Uncompressed
from benchmark.toolbox.pipeline_cuts import Cuts
from benchmark.training.optimizers import adamw
from benchmark.training.options import Options


@dataclass(frozen=True)
class Stage:
    """What one stage reports.

    Attributes:
        losses: of each step, before its update; only the last stage has them.
        activation_bytes: handed to the network, in all steps.
        gradient_bytes: likewise.
        computing: mean seconds per step without waiting, from the second step on.
        coding: the part of these in which messages were made and read.
    """

    losses: list[float]
    activation_bytes: int
    gradient_bytes: int
    computing: float
    coding: float


@dataclass(frozen=True)
class Alone:
    """What one process with the same cuts reports.

    Attributes:
        losses: of each step, before its update.
        activation_bytes: over each cut in all steps, by the formula.
        gradient_bytes: likewise.
        float_bytes: what every one of these would be with floats.
        frames: that crossed each cut in all steps, padding included.
    """

    losses: list[float]
    activation_bytes: list[int]
    gradient_bytes: list[int]
    float_bytes: int
    frames: int


def train_stage(course: Course, index: int, device: torch.device) -> Stage:
    """Train one stage in this process, with its neighbours in others; the process group exists.

    Raises:
        UserError: see `Course`.
    """
    speech_model = course.speech_model(device)
    speech = course.speech(speech_model)
    part = Part(speech_model, index, course.cuts.stages)
    stage = CompressedStage(part, index, course.cuts, device)
    # Each micro-batch's loss is already a share of the step's, as in one process.
    schedule = ScheduleGPipe(stage, course.micro_batches, loss_fn=lambda loss, _number: loss, scale_grads=False)
    numbers = torch.arange(course.micro_batches)  # the schedule divides these; a part finds its batch by its number
    optimizer, losses = _optimizer(course, part.parameters()), []
    for step, groups in enumerate(course.batches(speech)):
        if step == 1:
            stage.seconds.clear()  # the first step also connects and allocates
        part.batches = [speech.batch(utterances) for utterances in groups]
        optimizer.zero_grad(set_to_none=True)
        shares: list[torch.Tensor] = []
        schedule.step(number=numbers, target=numbers, losses=shares, return_outputs=False)
        with stage.timed("computing"):
            optimizer.step()
        if stage.is_last:
            losses.append(float(torch.stack(shares).sum()))
    seconds = {name: total / (course.steps - 1) for name, total in stage.seconds.items()}
    sent = stage.sent
    return Stage(losses, sent["activations"], sent["gradients"], seconds["computing"], seconds["coding"])


def train_alone(course: Course) -> Alone:
    """Train the whole model in this process, as the method `boundary_compression` does with these cuts.

    Raises:
        UserError: see `Course`.
    """
    speech_model = course.speech_model(torch.device(course.device))
    model, speech = speech_model.model, course.speech(speech_model)
    cuts, losses = Cuts(model, course.cuts), []
    optimizer = _optimizer(course, model.parameters())
    for groups in course.batches(speech):
        optimizer.zero_grad(set_to_none=True)
        total = 0.0
        for utterances in groups:
            batch = speech.batch(utterances)
            with cuts.crossed(batch.utterances):
                output = forward(model, batch)
            loss = architecture_of(model).loss(output, batch, speech_model.tokenizer) / len(groups)
            loss.backward()
            total += float(loss.detach())
        optimizer.step()
        losses.append(total)
    frames = cuts.cuts[0].activations.frames
    return Alone(
        losses,
        [cut.activations.bytes for cut in cuts.cuts],
        [cut.gradients.bytes for cut in cuts.cuts],
        Uncompressed().bytes((1, frames, model.config.hidden_size)),
        frames,
    )


def _optimizer(course: Course, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    return adamw([{"params": trained, "lr": course.learning_rate}], Options(learning_rate=course.learning_rate))
