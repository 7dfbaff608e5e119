"""CrAM: its steps on a quadratic with known values, one training for all targets, and 2:4."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import torch
from bowl import bowl
from conftest import MakeJob
from torch import nn

from benchmark.models.batch import Batch
from benchmark.models.encoder import Encoder
from benchmark.models.output import Output
from benchmark.toolbox.job import Job
from benchmark.toolbox.masks import topk_mask
from benchmark.toolbox.second_gradient import RuledAdamW
from methods.cram import CrAM, Cut, compression_aware


def cut_bowl(keep: float) -> tuple[nn.Parameter, Callable[[], torch.Tensor], Cut]:
    """The bowl, and a cut that keeps a share of its weights."""
    w, gradient = bowl()
    return w, gradient, lambda: [(w, topk_mask(w.abs(), keep))]


@pytest.mark.parametrize("sparse_gradient", [False, True])
@pytest.mark.parametrize(("plus", "expected"), [(False, [1.0, -1.9]), (True, [0.5, -4.9])])
def test_a_step_is_the_papers(plus: bool, expected: list[float], sparse_gradient: bool) -> None:
    w, gradient, cut = cut_bowl(keep=0.5)
    rule = compression_aware(cut, rho=0.1, plus=plus, sparse_gradient=sparse_gradient)
    assert rule(gradient, [w]) == 6.5
    assert w.tolist() == [1.0, 2.0]
    torch.optim.SGD([w], lr=0.5).step()
    assert w.tolist() == pytest.approx(expected)


def test_a_sparse_gradient_is_zero_where_weights_are_pruned() -> None:
    """With a loss whose gradient does not vanish at zero: w1 + 2 w2."""
    w = nn.Parameter(torch.tensor([1.0, 2.0]))

    def gradient() -> torch.Tensor:
        w.grad = torch.tensor([1.0, 2.0])
        return torch.zeros(())

    for sparse, expected in ((False, [1.0, 2.0]), (True, [0.0, 2.0])):
        rule = compression_aware(lambda: [(w, topk_mask(w.abs(), 0.5))], rho=0.1, plus=False, sparse_gradient=sparse)
        rule(gradient, [w])
        assert w.grad is not None
        assert w.grad.tolist() == expected


@pytest.mark.parametrize(("plus", "factor"), [(False, 1), (True, 2)])
def test_without_move_and_cut_it_is_the_base_optimiser(plus: bool, factor: int) -> None:
    """CrAM+ has twice the gradient: with SGD that is twice the rate."""
    w, gradient, cut = cut_bowl(keep=1.0)
    compression_aware(cut, rho=0.0, plus=plus, sparse_gradient=True)(gradient, [w])
    torch.optim.SGD([w], lr=0.1).step()
    assert w.tolist() == pytest.approx([1 - 0.1 * factor * 1, 2 - 0.1 * factor * 6])


def test_parameters_without_a_second_gradient_come_back_and_are_trained() -> None:
    w, gradient, cut = cut_bowl(keep=0.5)
    unused, calls = nn.Parameter(torch.tensor([5.0])), 0

    def uses_both_at_first() -> torch.Tensor:
        nonlocal calls
        calls += 1
        loss, unused.grad = gradient(), torch.tensor([3.0]) if calls == 1 else None
        return loss

    compression_aware(cut, rho=0.1, plus=True, sparse_gradient=True)(uses_both_at_first, [w, unused])
    assert unused.tolist() == [5.0]
    assert unused.grad is not None
    assert unused.grad.tolist() == [3.0]


def watched(job: Job, see: Callable[[Batch, float], None]) -> Job:
    """The job, whose losses are shown to `see` with their batches."""

    def loss_of(self: Job, output: Output, batch: Batch) -> torch.Tensor:
        value = Job.output_loss(self, output, batch)
        see(batch, float(value.detach()))
        return value

    job.output_loss = loss_of.__get__(job)  # type: ignore[method-assign]
    return job


def test_both_gradients_are_of_the_same_utterances_and_every_sparsity_is_drawn(
    make_job: MakeJob, tmp_path: Path
) -> None:
    seen: list[tuple[list[int], float]] = []
    job = make_job(tmp_path, limit=800.0)

    def see(batch: Batch, _loss: float) -> None:
        zeros = sum(int((matrix.weight == 0).sum()) for matrix in job.encoder)
        seen.append((batch.labels.tolist(), round(zeros / job.encoder.parameters, 2)))

    CrAM({"sparsities": [0.3, 0.6]}).compress(watched(job, see))
    pairs = list(zip(seen[::2], seen[1::2], strict=True))
    assert all(first[0] == second[0] for first, second in pairs)
    assert all(first[1] == 0.0 for first, _ in pairs)
    drawn = Counter(second[1] for _, second in pairs)
    assert drawn.keys() == {0.3, 0.6}
    assert min(drawn.values()) > len(pairs) // 5


def test_both_gradients_have_the_same_dropout(make_job: MakeJob, tmp_path: Path) -> None:
    losses: list[float] = []
    job = make_job(tmp_path, limit=120.0)
    for module in job.model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.5
    CrAM({"sparsities": [0.0], "rho": 0.0}).compress(watched(job, lambda _batch, loss: losses.append(loss)))
    assert losses[::2] == losses[1::2]
    assert len(set(losses)) == len(losses) // 2


def test_one_training_is_cut_at_every_target(make_job: MakeJob, tmp_path: Path) -> None:
    settings: dict[str, object] = {"learning_rate": 1e-3}
    some, few = (
        Encoder(CrAM(settings).compress(make_job(tmp_path / str(sparsity), sparsity=sparsity)))
        for sparsity in (0.65, 0.85)
    )
    for a, b in zip(some, few, strict=True):
        kept = b.weight != 0
        assert torch.equal(a.weight[kept], b.weight[kept])
    assert sum(int((m.weight != 0).sum()) for m in few) == round(0.15 * few.parameters)


def test_every_aligned_group_of_four_has_two_zeros(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path, sparsity=0.5)
    for matrix in Encoder(CrAM({"pattern": "2:4"}).compress(job)):
        assert ((matrix.weight.view(-1, 4) == 0).sum(1) == 2).all()


def test_what_it_cannot_do_is_said(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    assert CrAM({"pattern": "2:4"}).skip(job) == "2:4 removes half of the weights: its only target is 0.5"
    for wrong in ([], [1.0], [-0.1]):
        reason = CrAM({"sparsities": wrong}).skip(job)
        assert reason == "`sparsities` takes at least one share, from 0 to below 1"


def test_with_adamw_the_weights_come_back_before_the_step() -> None:
    w, gradient, cut = cut_bowl(keep=0.5)
    rule = compression_aware(cut, rho=0.1, plus=True, sparse_gradient=True)
    optimizer = partial(RuledAdamW, rule)([{"params": [w], "lr": 0.01}])
    optimizer.step(gradient)
    assert w.tolist() == pytest.approx([0.99, 1.99])  # Adam's first step is the rate, in each coordinate
