"""Labels that an encoder-decoder writes itself: for calibration, and for training on a teacher's transcripts."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from conftest import MakeJob
from small_models import write_tiny_model

from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.batch import Batch
from benchmark.models.encoder import Encoder, Matrix
from benchmark.toolbox.calibration import observe
from benchmark.toolbox.job import Job
from benchmark.training.budget import OverBudget


@pytest.fixture
def job(make_job: MakeJob, tmp_path: Path) -> Job:
    return make_job(tmp_path, model=write_tiny_model("whisper", tmp_path / "model"))


def labels_of(batch: Batch) -> list[list[int]]:
    return [labels.tolist() for labels in batch.labels.split(batch.label_lengths.tolist())]


def test_calibration_uses_the_model_s_own_transcripts_and_pays_for_them(job: Job) -> None:
    batches = job.calibration(6.0)
    seconds = sum(batch.seconds for batch in batches)
    assert job.budget.spent == pytest.approx(seconds)  # a forward over the windows
    architecture = architecture_of(job.model)
    for batch in batches:
        assert labels_of(batch) == labels_of(architecture.with_labels(job.teacher(), batch))
        assert batch.label_lengths.min() > 0


def test_a_ctc_model_s_calibration_is_free_and_without_labels(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    assert all(len(batch.labels) == 0 for batch in job.calibration(6.0))
    assert job.budget.spent == 0


def test_training_goes_on_with_the_teacher_s_transcripts_which_are_charged(job: Job) -> None:
    teacher, before = job.teacher(), job.budget.spent
    job.label_by(teacher)
    assert job.budget.spent - before == pytest.approx(24 * 2.0)  # every window of the training speech
    trained_on: list[Batch] = []

    def loss(batch: Batch, _state: object) -> torch.Tensor:
        trained_on.append(batch)
        return job.loss(batch)

    job.train(job.model, loss=loss, learning_rate=0.0)
    architecture = architecture_of(teacher)
    for batch in trained_on[:2]:
        assert labels_of(batch) == labels_of(architecture.with_labels(teacher, batch))


def test_only_the_speech_that_the_budget_reaches_is_transcribed(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path, model=write_tiny_model("whisper", tmp_path / "model"), limit=60.0)
    steps = job.expected_steps()  # of two windows of two seconds
    assert steps == 5
    job.label_by(job.teacher())
    assert job.budget.spent == pytest.approx(steps * 4.0)


def test_transcripts_cannot_cost_more_than_the_budget(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path, model=write_tiny_model("whisper", tmp_path / "model"), limit=3.0)
    with pytest.raises(OverBudget, match="of 3 work"):
        job.label_by(job.teacher())


def test_statistics_are_of_spoken_frames_and_true_tokens_only(job: Job) -> None:
    """What a matrix sees of a padded batch is what it sees of its utterances one by one, without their padding."""
    batch = next(batch for batch in job.calibration(8.0) if len(batch.frames) > 1)
    spoken, written = batch.frames.tolist(), labels_of(batch)
    assert len(set(spoken)) > 1
    together, alone = seen_by(job, [batch]), seen_by(job, one_by_one(batch))
    tokens = sum(2 + len(labels) for labels in written)  # start, no timestamps, text
    for matrix in Encoder(job.model):
        assert len(together[matrix.name]) == (tokens if matrix.reads_tokens else sum(spoken))
        torch.testing.assert_close(together[matrix.name], alone[matrix.name], atol=1e-4, rtol=1e-4)
    assert {matrix.kind for matrix in Encoder(job.model) if matrix.layer >= 3 and not matrix.reads_tokens} == {
        "cross_k",
        "cross_v",
    }


def seen_by(job: Job, batches: list[Batch]) -> dict[str, torch.Tensor]:
    """The inputs of each matrix."""
    seen: dict[str, list[torch.Tensor]] = {}

    def keep(matrix: Matrix, inputs: torch.Tensor) -> None:
        seen.setdefault(matrix.name, []).append(inputs)

    observe(job, job.encoder.matrices, batches, keep)
    return {name: torch.cat(inputs) for name, inputs in seen.items()}


def one_by_one(batch: Batch) -> list[Batch]:
    """A batch of each utterance."""
    assert batch.audio is not None
    return [
        Batch(
            batch.audio[row : row + 1],
            None,
            batch.frames[row : row + 1],
            torch.tensor(labels),
            torch.tensor([len(labels)]),
            batch.seconds,
        )
        for row, labels in enumerate(labels_of(batch))
    ]
