"""Every method on a tiny model of each further architecture: it meets its target and comes back from its folder.

What else the contract asks for does not depend on the architecture: test_contract.py has it, on wav2vec 2.0.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from conftest import MakeJob, run_method
from small_models import LETTERS, write_tiny_model

from benchmark.models.checkpoints import SpeechModel
from benchmark.models.folder_state import plain_state
from benchmark.models.forward import forward
from benchmark.runs.outcome import read_back, require_size, returned_model
from benchmark.study.registry import load_method, method_names

KINDS = ("wavlm-pre-LN", "data2vec-audio")
LIMIT = 100.0  # units of work: a quarter of what the contract of wav2vec 2.0 has


@pytest.fixture(scope="session", params=KINDS)
def dense(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dense model's folder."""
    return write_tiny_model(request.param, tmp_path_factory.mktemp("models") / request.param)


@pytest.mark.parametrize("name", method_names())
def test_a_method_keeps_its_contract(name: str, dense: Path, make_job: MakeJob, tmp_path: Path) -> None:
    job, method = make_job(tmp_path, limit=LIMIT, model=dense), load_method(name)
    model = returned_model(run_method(name, job), job.model)
    exported, size = read_back(SpeechModel(model, LETTERS), tmp_path / "model")
    require_size(method.family, job.target if method.takes_target else None, job.teacher(), exported.model, size)
    ours, theirs = plain_state(model), plain_state(exported.model)
    assert ours.keys() == theirs.keys()
    assert [key for key, tensor in ours.items() if not torch.equal(tensor, theirs[key])] == []
    (batch, *_) = job.calibration(1.0)
    with torch.inference_mode():
        logits, expected = (forward(each.eval(), batch).logits for each in (exported.model, model))
    assert torch.equal(logits, expected)
    assert logits.isfinite().all()
