"""Every method on a device that is not the CPU: `pytest -m second_device`, in a process of its own.

The device is pretended (`pretend.py`): it computes what the CPU computes, so that a run's weights are those of a run on
the CPU, and refuses to mix its tensors with the CPU's.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pretend
import pytest
import torch
from conftest import MakeJob, run_method
from transformers import PreTrainedModel

from benchmark.corpora.manifest import Dataset
from benchmark.inference import sparse_kernels
from benchmark.inference import sparse_model as choosing
from benchmark.inference.sparse_model import sparse_model
from benchmark.inference.speed import sample, speedups
from benchmark.inference.transcription import transcribe, transcriber
from benchmark.models.batch import Batch
from benchmark.models.checkpoints import SpeechModel, load
from benchmark.models.encoder import Encoder
from benchmark.models.folder_state import plain_state
from benchmark.runs.footprint import footprint
from benchmark.smoothing.kept_votes import Voting, kept_denoiser
from benchmark.smoothing.votes import Sampling
from benchmark.study.registry import method_names
from benchmark.training.features import write_features
from benchmark.training.loop import Phase, Planned
from benchmark.training.speech import Speech

LIMIT = 100.0  # units of work: eight steps, or the calibration of any method
MORE_WAITS = 6  # than a plain step, whatever the number of matrices
NOW_AND_THEN = {"rigl": "a new mask waits, and there are more new masks than so few steps"}

pytestmark = pytest.mark.second_device


@dataclass(frozen=True)
class Run:
    """What a method made on the pretended device, and how often each step waited that the curves do not record."""

    name: str
    model: PreTrainedModel
    waits: list[int]


@pytest.fixture(scope="module", autouse=True)
def registered() -> None:
    pretend.register()


@pytest.fixture(scope="module")
def run_elsewhere(make_job: MakeJob, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Run]:
    def run(name: str) -> Run:
        waits: list[int] = []
        step = Phase._step

        def counted(phase: Phase, planned: Planned, load: Callable[[], list[Batch]]) -> bool:
            before, recorded = pretend.waits, phase.state.step == 0
            taken = step(phase, planned, load)
            if taken and not recorded:
                waits.append(pretend.waits - before)
            return taken

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("benchmark.training.loop.CURVE_POINTS", 1)
            patch.setattr(Phase, "_step", counted)
            job = make_job(tmp_path_factory.mktemp(name), limit=LIMIT, device=pretend.NAME)
            return Run(name, run_method(name, job), waits)

    return run


@pytest.fixture(scope="module")
def plain(run_elsewhere: Callable[[str], Run]) -> Run:
    return run_elsewhere("dense_finetuned")


# Grouped, lest two workers make the same run.
@pytest.fixture(scope="module", params=[pytest.param(n, marks=pytest.mark.xdist_group(n)) for n in method_names()])
def elsewhere(request: pytest.FixtureRequest, run_elsewhere: Callable[[str], Run]) -> Run:
    return run_elsewhere(request.param)


def test_makes_the_same_model(elsewhere: Run, make_job: MakeJob, tmp_path: Path) -> None:
    assert {parameter.device.type for parameter in elsewhere.model.parameters()} == {pretend.NAME}
    on_cpu = plain_state(run_method(elsewhere.name, make_job(tmp_path, limit=LIMIT)))
    there = plain_state(elsewhere.model)
    assert there.keys() == on_cpu.keys()
    for name, tensor in on_cpu.items():
        torch.testing.assert_close(there[name], tensor, rtol=1e-3, atol=1e-3)


def test_a_step_seldom_waits_for_the_device(elsewhere: Run, plain: Run) -> None:
    if elsewhere.name in NOW_AND_THEN:
        pytest.skip(NOW_AND_THEN[elsewhere.name])
    if not elsewhere.waits:
        pytest.skip("does not train")
    assert statistics.median(elsewhere.waits) <= statistics.median(plain.waits) + MORE_WAITS


@pytest.fixture
def speech_model(tiny_model: Path) -> SpeechModel:
    """The dense model on the pretended device."""
    speech_model = load(tiny_model)
    speech_model.to(torch.device(pretend.NAME))
    return speech_model


def test_what_surrounds_a_method(
    speech_model: SpeechModel, tiny_model: Path, tiny_corpus: Path, tmp_path: Path
) -> None:
    """The front-end's cache, transcription, its speed and the model's size: as on the CPU."""
    there, here = (Speech(each, Dataset.open(tiny_corpus), "test") for each in (speech_model, load(tiny_model)))
    for speech in (there, here):
        write_features(speech.model, speech, tmp_path / speech.device.type, "key")
    features = [(tmp_path / device / "features.f16").read_bytes() for device in ("cpu", pretend.NAME)]
    assert features[0] == features[1]
    assert transcribe(speech_model, there, 4.0).hypotheses == transcribe(load(tiny_model), here, 4.0).hypotheses
    decode = transcriber(speech_model)
    assert speedups(decode, {"itself": decode}, sample(there, 4.0))["itself"]["median"] > 0
    assert footprint(speech_model.model, speech_model.model, 1) == footprint(here.model, here.model, 1)


def test_matrices_with_2_4_sparsity(
    speech_model: SpeechModel, tiny_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are chosen by time and multiplied on the device; here the kernel of a GPU is an ordinary product in bf16."""
    with torch.no_grad():
        for matrix in Encoder(speech_model.model):
            matrix.linear.weight.view(len(matrix.linear.weight), -1, 4)[..., ::2] = 0
    (batch,) = sample(Speech(speech_model, Dataset.open(tiny_corpus), "test"), 48.0)
    assert sparse_model(speech_model, batch)[1] == 0  # in fp32 there is no such kernel
    monkeypatch.setattr(sparse_kernels, "to_sparse_semi_structured", lambda weight: weight)
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda _device: True)
    monkeypatch.setattr(choosing, "_seconds", lambda module, _inputs: float(isinstance(module, torch.nn.Linear)))
    found, count = sparse_model(speech_model, batch)
    assert count == len(Encoder(speech_model.model).matrices)
    monkeypatch.undo()
    assert len(transcriber(found)(batch)) == len(batch.frames)


def test_the_device_refuses_what_a_gpu_refuses() -> None:
    there, here = torch.ones(2, 3, device=pretend.NAME), torch.ones(2, 3)
    with pytest.raises(RuntimeError, match="of the CPU among those of pretend"):
        there + here
    with pytest.raises(RuntimeError, match="a generator of the CPU"):
        torch.rand(2, device=pretend.NAME, generator=torch.Generator())
    with pytest.raises(RuntimeError, match="numpy"):
        there.numpy()
    before = pretend.waits
    assert float((there * 2 + there.sum()).mean()) == 8.0
    assert pretend.waits == before + 1


def test_votes_are_those_of_the_cpu(tiny_model: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    corpus, found = Dataset.open(tiny_corpus), []
    for device in (torch.device("cpu"), torch.device(pretend.NAME)):
        model, folder = load(tiny_model), tmp_path / device.type
        model.to(device)
        voting = Voting(folder, corpus, corpus.split("dev"), Sampling(3, 5, 0.25), "none", batch_seconds=4.0)
        denoiser = kept_denoiser(folder, corpus, "train", (0.1,), 2, device)
        found.append([voting.votes(model, heard, 0.1) for heard in (denoiser, None)])
    assert found[0] == found[1]
