"""A method's own loop is checkpointed, logged and charged as training is: a policy learns which neurons matter."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from conftest import MakeJob
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from benchmark.toolbox.costs import cholesky, singular_value_decomposition, singular_values
from benchmark.toolbox.job import Job
from benchmark.training.budget import OverBudget

STEPS = 20


def learn(job: Job, stop_at: int | None = None) -> torch.Tensor:
    """Reinforce a Bernoulli policy for having three of eight bits set."""
    policy = nn.Linear(1, 8)
    nn.init.zeros_(policy.weight)
    nn.init.zeros_(policy.bias)
    optimizer = torch.optim.Adam(policy.parameters(), lr=0.3)
    for step in job.loop("policy", STEPS, policy=policy, optimizer=optimizer):
        if step == stop_at:
            raise KeyboardInterrupt
        chances = policy(torch.ones(1, 1)).sigmoid()[0]
        chosen = torch.rand(8, generator=job.generator) < chances
        reward = -abs(int(chosen.sum()) - 3)
        optimizer.zero_grad()
        (-reward * torch.where(chosen, chances, 1 - chances).log().sum()).backward()
        optimizer.step()
        job.charge(1e5)
        job.log(reward=reward)
    return policy.bias.detach()


def test_an_interrupted_loop_ends_with_the_same_policy_curves_and_spending(make_job: MakeJob, tmp_path: Path) -> None:
    straight = make_job(tmp_path / "a")
    expected = learn(straight)
    with pytest.raises(KeyboardInterrupt):
        learn(make_job(tmp_path / "b", checkpoint_seconds=0.0), stop_at=7)
    resumed = make_job(tmp_path / "b", checkpoint_seconds=0.0)
    assert torch.equal(learn(resumed), expected)
    assert resumed.budget.spent == straight.budget.spent
    assert resumed.curves == straight.curves
    assert [row["step"] for row in straight.curves] == list(range(STEPS))
    assert {row["phase"] for row in straight.curves} == {1.0}
    assert straight.last["reward"] == straight.curves[-1]["reward"]
    assert straight.budget.clock.seconds["policy"] > 0


def test_a_finished_loop_is_not_repeated_when_a_later_phase_was_interrupted(make_job: MakeJob, tmp_path: Path) -> None:
    learn(make_job(tmp_path))
    again = make_job(tmp_path)
    assert list(again.loop("policy", STEPS)) == []
    again.train(again.model, learning_rate=1e-3)
    assert {row["phase"] for row in again.curves} == {1.0, 2.0}
    assert [row["step"] for row in again.curves] == sorted({row["step"] for row in again.curves})


def test_work_is_charged_in_the_dense_models_forwards(make_job: MakeJob, tmp_path: Path) -> None:
    """The multiply-accumulates of a dense forward cost one unit per second of audio."""
    job = make_job(tmp_path)
    batch = job.calibration(6.0)[0]
    counter = FlopCounterMode(display=False)  # attention by plain products, which it counts
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), counter:
        job.forward(job.model, batch)
    spent = job.budget.spent
    job.charge(counter.get_total_flops() / 2)
    assert job.budget.spent - spent == pytest.approx(batch.seconds, rel=0.1)  # attention grows with the length


def test_a_loop_ends_with_the_budget(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)

    def search() -> None:
        for _ in job.loop("search", 1000):
            job.budget.charge(1.0)

    with pytest.raises(OverBudget):
        search()
    assert job.budget.spent == pytest.approx(job.budget.limit, rel=0.02)


def test_decompositions_cost_what_the_textbook_counts() -> None:
    assert singular_value_decomposition(3072, 768) == 3 * 3072 * 768**2 + 10 * 768**3
    assert singular_value_decomposition(768, 3072) == singular_value_decomposition(3072, 768)
    assert singular_values(3072, 768) == singular_values(768, 3072) == 3072 * 768**2 + 768**3
    assert cholesky(768) == 768**3 / 6
