"""PruneNet: the distance of spectra, its reward, and what the policy learns from it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from conftest import MakeJob

from benchmark.models.checkpoints import load, save_dense
from benchmark.models.encoder import Encoder
from benchmark.models.folder_state import plain_state
from benchmark.system.errors import CannotCompress
from methods import prunenet
from methods.prunenet import FeedForward, Policy, PruneNet, kolmogorov_smirnov, reward

THIRD = 64 * 65 / 12_288  # of the tiny model's matrices: half of its neurons


def test_the_distance_of_sets() -> None:
    values = torch.tensor([1.0, 2.0, 3.0, 4.0])
    assert kolmogorov_smirnov(values, values) == 0
    assert kolmogorov_smirnov(values, values[:2]) == 0.5
    assert kolmogorov_smirnov(values, values + 4) == 1
    assert reward(0.25) == 4
    assert reward(0) == 99_999


def test_no_singular_value_grows_when_rows_go() -> None:
    torch.manual_seed(0)
    weight = torch.randn(30, 12)
    fewer = torch.linalg.svdvals(weight[torch.randperm(30)[:20]])
    assert (fewer <= torch.linalg.svdvals(weight)).all()


def test_the_policy_s_products_in_either_order() -> None:
    torch.manual_seed(0)
    policy, weight = Policy(20, 6), torch.randn(20, 6)
    torch.testing.assert_close(policy(weight), policy.projection(weight) @ policy.importance)


@pytest.mark.parametrize("selection", ["stochastic", "deterministic", "random"])
def test_a_target_of_nothing_keeps_all_at_the_highest_reward(selection: str, make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path, sparsity=1e-5)
    before = {name: tensor.clone() for name, tensor in plain_state(job.model).items()}
    after = plain_state(PruneNet({"selection": selection}).compress(job))
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert job.last["distance"] == 0


@pytest.fixture
def half_zero(tiny_model: Path, tmp_path: Path) -> Path:
    """The tiny model with half of the rows zero and the others positive, which a linear policy can tell apart."""
    speech_model = load(tiny_model)
    torch.manual_seed(0)
    with torch.no_grad():
        for neurons in Encoder(speech_model.model).neurons:
            rows = torch.randn(128, 32).abs()
            rows[torch.randperm(128)[:64]] = 0
            neurons.inward[0].weight.copy_(rows)
    save_dense(speech_model, tmp_path / "half-zero")
    return tmp_path / "half-zero"


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_policy_prefers_rows_that_are_not_zero(
    seed: int, half_zero: Path, make_job: MakeJob, tmp_path: Path
) -> None:
    def distance(selection: str) -> float:
        job = make_job(tmp_path / selection, model=half_zero, sparsity=THIRD, seed=seed)
        PruneNet({"selection": selection, "heads": False}).compress(job)
        assert {units.count for units in job.encoder.neurons} == {64}
        return job.last["distance"]

    assert distance("deterministic") < 0.2 < distance("random")


def test_the_policy_s_training_is_charged_and_the_control_s_is_not(make_job: MakeJob, tmp_path: Path) -> None:
    learnt, control = make_job(tmp_path / "learnt"), make_job(tmp_path / "control")
    PruneNet({}).compress(learnt)
    PruneNet({"selection": "random"}).compress(control)
    assert len(learnt.curves) == 20
    assert control.curves == []
    assert 0 < control.budget.spent < learnt.budget.spent / 5


def test_an_interrupted_policy_ends_with_the_same_rows(
    make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    straight = make_job(tmp_path / "straight")
    expected = plain_state(PruneNet({}).compress(straight))
    calls = 0

    def killed(distance: float) -> float:
        nonlocal calls
        calls += 1
        if calls == 20:
            raise RuntimeError("killed")
        return reward(distance)

    with monkeypatch.context() as patch:
        patch.setattr(prunenet, "reward", killed)
        with pytest.raises(RuntimeError, match="killed"):
            PruneNet({}).compress(make_job(tmp_path / "killed", checkpoint_seconds=0))
    resumed = make_job(tmp_path / "killed")
    state = plain_state(PruneNet({}).compress(resumed))
    assert all(torch.equal(state[name], tensor) for name, tensor in expected.items())
    assert resumed.budget.spent == straight.budget.spent
    assert resumed.curves == straight.curves


def test_a_policy_that_tells_no_rows_apart_is_refused(make_job: MakeJob, tmp_path: Path) -> None:
    with pytest.raises(CannotCompress, match=r"collapsed: all of 0\.neurons stay with probability 1; lower"):
        PruneNet({"policy_learning_rate": 1.0}).compress(make_job(tmp_path))
    job = make_job(tmp_path / "diverged")
    layer = FeedForward.of(job.encoder.neurons[0], 10, job)
    policies = torch.nn.ModuleDict({layer.shape: Policy(128, 32)})
    torch.nn.init.constant_(policies[layer.shape].get_parameter("importance"), torch.nan)
    with pytest.raises(CannotCompress, match=r"diverged: its scores of 0\.neurons are not finite"):
        layer.score(policies, job)
