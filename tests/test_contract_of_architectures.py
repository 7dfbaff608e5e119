"""Every method on a tiny model of each further architecture: it meets its target and comes back from its folder.

What else the contract asks for does not depend on the architecture: test_contract.py has it, on wav2vec 2.0.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from conftest import MakeJob, run_method
from small_models import write_tiny_model

from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.checkpoints import frozen_copy, load
from benchmark.models.folder_state import plain_state
from benchmark.models.forward import forward
from benchmark.runs.outcome import read_back, require_size, returned_model
from benchmark.study.registry import load_method, method_names

CTC = ("wavlm-pre-LN", "data2vec-audio")
KINDS = (*CTC, "whisper")
LIMIT = 100.0  # units of work: a quarter of what the contract of wav2vec 2.0 has
SKIPS = {  # methods that need other parts than a kind of model has, and what they say
    ("distillation", "whisper"): "it predicts the hidden layers of an encoder",
    ("dphubert", "whisper"): "it distils the layers of an encoder",
    ("ipq", "whisper"): "matrix 0.ffn_in has 192 blocks of 8",  # tests/methods/test_ipq.py has fewer centroids
    ("kcm", "whisper"): "all heads stay",
} | {("distil_whisper", kind): "the model has no decoder whose layers could be distilled" for kind in CTC}


@pytest.fixture(scope="session", params=KINDS)
def dense(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dense model's folder, named after its kind."""
    return write_tiny_model(request.param, tmp_path_factory.mktemp("models") / request.param)


@pytest.mark.parametrize("name", method_names())
def test_a_method_keeps_its_contract(name: str, dense: Path, make_job: MakeJob, tmp_path: Path) -> None:
    job, method = make_job(tmp_path, limit=LIMIT, model=dense), load_method(name)
    reason, expected = method({}).skip(job), SKIPS.get((name, dense.name))
    if expected is not None:
        assert reason is not None
        assert reason.startswith(expected)
        return
    assert reason is None
    model = returned_model(run_method(name, job), job.model)
    exported, size = read_back(replace(load(dense), model=model), tmp_path / "model")
    require_size(method.family, job.target if method.takes_target else None, job.teacher(), exported.model, size)
    ours, theirs = plain_state(model), plain_state(exported.model)
    assert ours.keys() == theirs.keys()
    assert [key for key, tensor in ours.items() if not torch.equal(tensor, theirs[key])] == []
    batch = next(iter(make_job(tmp_path / "other", model=dense).calibration(1.0)))
    both = (exported.model, frozen_copy(model))  # which no budget meters
    with torch.inference_mode():
        logits, same = (forward(each, batch).logits for each in both)
        texts, expected_texts = (architecture_of(each).transcribe(each, batch, exported.tokenizer) for each in both)
    assert torch.equal(logits, same)
    assert logits.isfinite().all()
    assert texts == expected_texts
