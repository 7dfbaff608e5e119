"""A pipeline of real processes does what one process with the same cuts does, and leaves no process behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
import torch
from small_models import LETTERS, small_model, write_tiny_model
from small_study import RUN, SmallStudy
from torch import distributed
from torch.multiprocessing.spawn import start_processes

from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.checkpoints import SpeechModel, save_dense
from benchmark.models.forward import forward
from benchmark.pipeline import processes
from benchmark.pipeline.course import Course
from benchmark.pipeline.measurement import measure
from benchmark.pipeline.part import Part
from benchmark.pipeline.processes import train_in_stages
from benchmark.pipeline.run_course import course_of
from benchmark.study.file import load_study
from benchmark.system.errors import UserError
from benchmark.toolbox.lossy_codes import TopK
from benchmark.toolbox.pipeline_cuts import CutSettings
from benchmark.training.speech import Speech


@pytest.fixture
def course(tiny_model: Path, tiny_corpus: Path) -> Course:
    """More steps than an epoch has, so that utterances cross for a second time."""
    cuts = CutSettings(activation_feedback="aq", gradients="topk", gradient_share=0.25, gradient_feedback="ef")
    return Course(tiny_model, tiny_corpus, "train", None, cuts, 1e-3, batch_seconds=4.0, micro_batches=2, steps=6)


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stages start from a process that has imported torch; only the first test starts them as users do."""
    multiprocessing.set_forkserver_preload(["benchmark.pipeline.training"])
    monkeypatch.setattr(processes, "start_processes", partial(start_processes, start_method="forkserver"))


def test_two_stages_train_as_one_process_and_send_what_the_formula_says(course: Course) -> None:
    measured = measure(course)
    assert len(measured.stages[-1].losses) == 6
    assert measured.largest_difference < 1e-4
    assert measured.sent == measured.counted
    ((activations, gradients),) = measured.sent
    frames, floats = measured.alone.frames, measured.alone.float_bytes
    assert gradients == TopK(0.25).bytes((1, frames, 32))
    assert floats / 4 < activations < floats  # the first pass in floats, the others in 4 bits
    slow, fast = measured.step_seconds(1e6), measured.step_seconds(1e12)
    assert slow[0] < slow[1]
    assert fast[0] == pytest.approx(sum(stage.computing for stage in measured.stages), rel=0.01)
    assert "1 activations" in measured.table()


@pytest.mark.usefixtures("forked")
def test_four_stages(course: Course, tmp_path: Path) -> None:
    model = small_model("hubert", num_hidden_layers=4, layerdrop=0.0)
    save_dense(SpeechModel(model, LETTERS), tmp_path / "model")
    measured = measure(replace(course, model=tmp_path / "model", cuts=CutSettings(stages=4), steps=2))
    assert measured.largest_difference < 1e-4
    assert measured.sent == measured.counted
    assert len(measured.sent) == 3


@dataclass(frozen=True)
class DeadlyCourse(Course):
    """Kills the process of the second stage in the middle of training."""

    def batches(self, speech: Speech) -> Iterator[list[list[int]]]:
        for step, groups in enumerate(super().batches(speech)):
            if step == 2 and distributed.get_rank() == 1:
                os.kill(os.getpid(), signal.SIGKILL)
            yield groups


@pytest.mark.usefixtures("forked")
def test_a_killed_stage_ends_all_others(course: Course) -> None:
    deadly = DeadlyCourse(**vars(course))
    with pytest.raises(UserError, match=r"^stage 2 of the pipeline was killed by SIGKILL; all others were ended$"):
        train_in_stages(deadly)
    assert multiprocessing.active_children() == []


@pytest.mark.usefixtures("forked")
def test_a_stage_that_fails_says_why_in_one_line(course: Course, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^stage [12] of the pipeline failed: .*; all others were ended$") as error:
        train_in_stages(replace(course, data=tmp_path))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("kind", ["wav2vec2", "wav2vec2-pre-LN", "hubert", "data2vec-audio"])
def test_the_parts_one_after_the_other_are_the_model(course: Course, kind: str, tmp_path: Path) -> None:
    course = replace(course, model=write_tiny_model(kind, tmp_path / "model"))
    whole = course.speech_model(torch.device("cpu"))
    speech = course.speech(whole)
    batch = speech.batch([0, 1, 2])
    loss = architecture_of(whole.model).loss(forward(whole.model, batch), batch, whole.tokenizer)
    parts = [Part(course.speech_model(torch.device("cpu")), index, 2) for index in (0, 1)]
    for part in parts:
        part.batches = [batch]
    number = torch.tensor([0])
    hidden = parts[0](number=number)
    assert tuple(hidden.shape) == parts[1].shape(0)
    assert torch.equal(parts[1](hidden, number=number), loss)


@pytest.mark.parametrize("kind", ["wavlm", "whisper"])
def test_a_model_whose_layers_hand_on_more_is_refused(course: Course, kind: str, tmp_path: Path) -> None:
    course = replace(course, model=write_tiny_model(kind, tmp_path / "model"))
    with pytest.raises(UserError, match=f"^a {kind} model cannot be run as a pipeline: its layers hand on more than"):
        course.speech_model(torch.device("cpu"))


def test_a_run_without_cuts_is_refused(small_study: SmallStudy) -> None:
    study = load_study(small_study.config)
    with pytest.raises(UserError, match="is a run of breaks_off, which cuts no model"):
        course_of(study, study.run(RUN), None, 8, 2)
