"""The contract, checked over every method that is found in methods/."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from conftest import MakeJob, run_method
from torch.nn.utils import parametrize
from transformers import PreTrainedModel

from benchmark.footprint import remaining_parameters, total_parameters
from benchmark.job import Job
from benchmark.models.checkpoints import CTCModel, load, plain_state, save
from benchmark.models.encoder import Encoder
from benchmark.models.vocabulary import Vocabulary
from benchmark.registry import load_method, method_names
from benchmark.training.batches import Batch
from benchmark.training.loop import Phase, Planned

Run = tuple[str, Job, PreTrainedModel]


def logits(model: PreTrainedModel) -> torch.Tensor:
    audio = torch.randn(2, 16_000, generator=torch.Generator().manual_seed(1))
    model.eval()
    with torch.inference_mode():
        output: torch.Tensor = model(audio).logits
    return output


def same_weights(a: PreTrainedModel, b: PreTrainedModel) -> bool:
    left, right = plain_state(a), plain_state(b)
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


@pytest.fixture(scope="module", params=method_names())
def run(request: pytest.FixtureRequest, make_job: MakeJob, tmp_path_factory: pytest.TempPathFactory) -> Run:
    job = make_job(tmp_path_factory.mktemp("checkpoints"))
    return request.param, job, run_method(request.param, job)


def test_names_itself(run: Run) -> None:
    method = load_method(run[0])
    assert method.title
    assert method.source
    assert method.family in {
        "dense", "control", "unstructured", "structured", "low-rank", "distilled", "quantised", "shared",
    }  # fmt: skip


def test_hits_its_target(run: Run) -> None:
    name, job, model = run
    method = load_method(name)
    if not method.takes_target:  # a control, or a family that stands at its own size
        dense = total_parameters(job.teacher())
        left = remaining_parameters(model)
        assert left == dense if method.family in ("dense", "control", "quantised") else left < dense
        return
    assert job.target is not None
    assert remaining_parameters(model) == pytest.approx(job.target.remaining, rel=0.005)


def test_stays_inside_its_budget_and_uses_it(run: Run) -> None:
    name, job, _ = run
    assert job.budget.spent <= job.budget.limit * 1.01
    if job.curves:
        assert job.budget.spent >= 0.9 * job.budget.limit
    elif name != "dense" and load_method(name).needs != "nothing":
        assert job.budget.spent > 0  # calibration is paid for


def test_is_deterministic_for_a_seed(run: Run, make_job: MakeJob, tmp_path: Path) -> None:
    name, _, model = run
    assert same_weights(model, run_method(name, make_job(tmp_path)))


def test_resumes_to_the_same_weights(
    run: Run, make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, job, model = run
    if not job.curves:
        pytest.skip("does not train")
    step, calls = Phase._step, 0

    def killed_in_the_middle(self: Phase, planned: Planned, load: Callable[[], list[Batch]]) -> bool:
        nonlocal calls
        calls += 1
        if calls == 18:
            raise RuntimeError("killed")
        return step(self, planned, load)

    monkeypatch.setattr(Phase, "_step", killed_in_the_middle)
    with pytest.raises(RuntimeError, match="killed"):
        run_method(name, make_job(tmp_path, checkpoint_seconds=0))
    monkeypatch.setattr(Phase, "_step", step)
    assert list(tmp_path.glob("*.pt"))
    assert same_weights(model, run_method(name, make_job(tmp_path)))


def test_round_trips_through_its_folder(run: Run, tmp_path: Path) -> None:
    _, _, model = run
    save(CTCModel(model, Vocabulary.of_letters()), tmp_path / "model")
    restored = load(tmp_path / "model").model
    assert same_weights(model, restored)
    assert torch.equal(logits(model), logits(restored))


def test_leaves_no_parametrization_behind(run: Run) -> None:
    assert not any(parametrize.is_parametrized(matrix.linear) for matrix in Encoder(run[2]))


def test_gives_finite_logits(run: Run) -> None:
    output = logits(run[2])
    assert output.isfinite().all()
    assert output.std() > 0


def test_seeds_differ(run: Run, make_job: MakeJob, tmp_path: Path) -> None:
    name, _, model = run
    other = run_method(name, make_job(tmp_path, seed=1))
    assert same_weights(model, other) != load_method(name).seeded
