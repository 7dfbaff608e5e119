"""Boundary compression: where the cuts are, what crosses them, and that nothing else changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import MakeJob
from small_models import write_tiny_model

from benchmark.models.checkpoints import SpeechModel, load
from benchmark.models.encoder import Encoder
from benchmark.models.output import first
from benchmark.study.registry import load_method
from benchmark.toolbox.job import Job
from benchmark.toolbox.pipeline_cuts import Cuts, CutSettings, cut_layers

WIDTH = 32  # of the tiny model
NAME = "boundary_compression"


def settings(**changes: Any) -> CutSettings:
    chosen: CutSettings = load_method(NAME)(changes).settings  # type: ignore[assignment]
    return chosen


def gradients(job: Job, cuts: Cuts | None = None) -> dict[str, torch.Tensor]:
    """The gradients of the loss on the job's first batch."""
    (batch,) = job.calibration(0.1)
    batch = job._speech.batch(batch.utterances)
    job.model.zero_grad()
    if cuts is None:
        job.loss(batch).backward()
    else:
        with cuts.crossed(batch.utterances):
            loss = job.loss(batch)
        loss.backward()
    return {name: p.grad.clone() for name, p in job.model.named_parameters() if p.grad is not None}


def test_the_layers_are_divided_evenly(tiny: SpeechModel, tmp_path: Path) -> None:
    assert cut_layers(tiny.model, 2) == [1]  # of three layers
    Encoder(tiny.model).arrange([[0, 1, 2] * 4])
    assert cut_layers(tiny.model, 2) == [6]
    assert cut_layers(tiny.model, 4) == [3, 6, 9]
    whisper = load(write_tiny_model("whisper", tmp_path / "whisper"))
    assert cut_layers(whisper.model, 2) == [1]  # of the encoder's three: the decoder stays whole


def test_identity_reproduces_the_gradients_bit_for_bit(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path, sparsity=None)
    plain = gradients(job)
    cut = gradients(job, Cuts(job.model, settings(activations="identity", gradients="identity")))
    assert plain.keys() == cut.keys()
    assert all(torch.equal(plain[name], cut[name]) for name in plain)


def test_each_direction_has_its_own_strength(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path, sparsity=None)
    cuts = Cuts(job.model, settings(activations="identity", gradients="topk", gradient_share=0.25))
    layers = Encoder(job.model).layers
    seen: dict[str, torch.Tensor] = {}
    layers[1].register_forward_pre_hook(lambda _layer, args: seen.update(hidden=args[0]) or args[0].retain_grad())
    found = gradients(job, cuts)
    hidden = seen["hidden"]
    assert hidden.grad is not None
    kept = hidden.grad.abs().topk(8, dim=-1).indices  # 8 of 32
    below = torch.zeros_like(hidden).scatter(-1, kept, hidden.grad.gather(-1, kept))
    layers[0].register_forward_hook(lambda _layer, _args, output: seen.update(out=first(output)))
    (batch,) = job.calibration(0.1)
    job.model.zero_grad()
    job.loss(job._speech.batch(batch.utterances))
    seen["out"].backward(below)
    for name, parameter in layers[0].named_parameters(prefix="wav2vec2.encoder.layers.0"):
        assert parameter.grad is not None
        torch.testing.assert_close(parameter.grad, found[name])


def test_bits_are_counted_by_the_formula(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path, sparsity=None)
    method = load_method(NAME)({"activations": "topk", "activation_share": 0.25, "gradients": "identity"})
    method.compress(job)
    assert job.last["cut1_activation_bits"] == 8 * (32 + 5)
    assert job.last["cut1_gradient_bits"] == WIDTH * 32


@pytest.mark.parametrize("feedback", ["ef", "ef21", "aq"])
def test_feedback_is_remembered_over_an_interruption(make_job: MakeJob, tmp_path: Path, feedback: str) -> None:
    """A run that begins again from its checkpoint remembers what the first one did."""
    changes: dict[str, object] = {"activation_feedback": feedback, "gradient_feedback": feedback, "activations": "topk"}
    first_job = make_job(tmp_path, sparsity=None)
    model = load_method(NAME)(changes).compress(first_job)
    again = make_job(tmp_path, sparsity=None)  # its phase is finished: only the checkpoint is read
    resumed = load_method(NAME)(changes).compress(again)
    assert all(
        torch.equal(a, b) for a, b in zip(model.state_dict().values(), resumed.state_dict().values(), strict=True)
    )
    assert again.last == first_job.last


def test_what_cannot_be_cut_is_said_in_one_line(make_job: MakeJob, tmp_path: Path) -> None:
    job, method = make_job(tmp_path, sparsity=None), load_method(NAME)
    assert method({"stages": 4}).skip(job) == "4 stages need as many layers, but the encoder has 3"
    assert method({"gradient_share": 1.5}).skip(job) == "gradient_share is 1.5, which must be above 0 and at most 1"
    assert method({}).skip(job) is None


def test_outside_the_context_nothing_crosses(tiny: SpeechModel) -> None:
    tiny.model.eval()
    cuts = Cuts(tiny.model, settings(activation_bits=2))
    audio = torch.randn(2, 4000, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        before = tiny.model(audio).logits
        with cuts.crossed():
            crossed = tiny.model(audio).logits
        after = tiny.model(audio).logits
    assert not torch.allclose(before, crossed)
    assert torch.equal(before, after)
