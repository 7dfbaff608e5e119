"""ACIP: the reparameterisation, the score map, and the cut at any size."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
import torch
from conftest import MakeJob

from benchmark.models.counting import remaining_parameters
from benchmark.models.encoder import Encoder
from benchmark.models.forms.factorised import LowRankLinear
from benchmark.toolbox.costs import singular_value_decomposition
from benchmark.toolbox.job import Job
from methods.acip import ACIP, OPEN, Directions, ScoreMap, stored_weights


def directions(outputs: int = 12, inputs: int = 9, adapter_rank: int = 2) -> tuple[torch.Tensor, Directions]:
    """A random matrix in double precision, and its directions."""
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(outputs, inputs, generator=generator, dtype=torch.float64)
    return weight, Directions(weight, adapter_rank, generator).double()


@pytest.fixture
def job(make_job: MakeJob, tmp_path: Path) -> Job:
    return make_job(tmp_path)


@pytest.fixture
def score_map(job: Job) -> ScoreMap:
    return ScoreMap(job.encoder.matrices, 1 / 64, job.generator)


def set_scores(score_map: ScoreMap, *scores: torch.Tensor) -> None:
    score_map.scores.copy_(torch.cat(scores))


@pytest.mark.parametrize("shape", [(12, 9), (9, 12)])
def test_at_the_start_the_matrix_is_the_original(shape: tuple[int, int]) -> None:
    weight, one = directions(*shape)
    torch.testing.assert_close(
        one.masked(torch.full_like(one.values, OPEN)) + one.adapter(), weight, rtol=0, atol=1e-13
    )


def test_the_error_of_closed_masks_is_that_of_eckart_and_young() -> None:
    weight, one = directions()
    masks = torch.full_like(one.values, OPEN)
    masks[4:] = 0
    error = torch.linalg.norm(weight - one.masked(masks))
    assert float(error) == pytest.approx(float(one.values[4:].square().sum().sqrt()))


def test_masks_have_the_gradients_of_the_paper_s_factors(score_map: ScoreMap) -> None:
    """y = ortho (m * base x) with ortho = U / sqrt(s) and base = ortho' W; a closed mask has none."""
    closed = torch.rand(len(score_map.masks)) < 0.3
    score_map.masks.data[closed] = -1e-3
    score_map.begin(stop=0.0)
    expected = []
    for one in score_map.directions:
        one.formed.grad = torch.randn_like(one.formed)
        ortho = one.left / OPEN**0.5
        base = ortho.T @ (one.left * one.values) @ one.right
        expected.append(((ortho.T @ one.formed.grad) * base).sum(dim=1))
    score_map.end(penalty=7.0)
    wanted = (torch.cat(expected) + 7.0 / (OPEN * len(closed))).masked_fill(closed, 0.0)
    assert score_map.masks.grad is not None
    torch.testing.assert_close(score_map.masks.grad, wanted, rtol=1e-4, atol=1e-3)


def test_a_step_can_be_timed_before_the_first_one(job: Job, score_map: ScoreMap) -> None:
    """A budget in seconds times the steps of the frozen model."""
    job.model.requires_grad_(False)
    job.loss(job._speech.batch([0])).backward()
    assert all(one.formed.grad is not None for one in score_map.directions)


def test_the_earlier_a_mask_closes_the_lower_its_score(score_map: ScoreMap) -> None:
    for dying in (3, 1, 5):  # of the first matrix, one per step
        score_map.masks.data[dying] = -1e-4
        score_map.update()
    score_map.masks.data[7] = 0.004
    score_map.update()
    assert score_map.scores[[3, 1, 5, 7, 0]].tolist() == pytest.approx([-4, -3, -2, 0.004, OPEN])


def test_masks_are_in_fp32_whatever_the_type_of_the_weights(job: Job) -> None:
    """In bf16 a step of 5e-5 from 0.02 rounds to nothing."""
    job.model.bfloat16()
    score_map = ScoreMap(job.encoder.matrices, 1 / 64, job.generator)
    assert torch.tensor(OPEN, dtype=torch.bfloat16) - 5e-5 == torch.tensor(OPEN, dtype=torch.bfloat16)
    assert bool((score_map.masks - 5e-5 < OPEN - 4e-5).all())
    score_map.begin(stop=0.0)
    assert {matrix.weight.dtype for matrix in job.encoder} == {torch.bfloat16}


def test_masks_stop_at_the_size_ratio(score_map: ScoreMap) -> None:
    score_map.masks.data[len(score_map.masks) // 2 :] = 0.0
    ratio = score_map.begin(stop=0.9)
    assert 0 < ratio < 0.9
    scores = score_map.scores.clone()
    for one in score_map.directions:
        one.formed.grad = torch.ones_like(one.formed)
    score_map.end(penalty=1.0)
    score_map.update()
    assert score_map.masks.grad is None
    assert torch.equal(score_map.scores, scores)
    assert all(one.up.grad is not None and bool(one.up.grad.any()) for one in score_map.directions)


def test_a_smaller_size_keeps_fewer_of_the_same_directions(job: Job, score_map: ScoreMap) -> None:
    set_scores(score_map, torch.randn(len(score_map.scores), generator=job.generator))
    added = [1] * len(score_map.shapes)
    sizes = [round(share * job.encoder.parameters) for share in (1.0, 0.8, 0.5, 0.35, 0.15)]
    kept = [torch.cat(score_map.kept(size, added)) for size in sizes]
    for larger, smaller in pairwise(kept):
        assert bool((larger | ~smaller).all())
    for size, directions_kept in zip(sizes, kept, strict=True):
        ranks = [1 + int(part.sum()) for part in directions_kept.split([len(v) for v in score_map.values])]
        stored = stored_weights(score_map.shapes, ranks)
        assert size - max(sum(shape) for shape in score_map.shapes) < stored <= size


def test_of_equal_scores_the_last_of_a_spectrum_goes_first(score_map: ScoreMap) -> None:
    total = sum(shape.numel() for shape in score_map.shapes)
    kept = score_map.kept(round(0.5 * total), [0] * len(score_map.shapes))
    ranks = [int(part.sum()) for part in kept]
    assert max(ranks) - min(ranks) <= 1, "all matrices here have as many directions"
    assert all(bool(part[:rank].all()) for part, rank in zip(kept, ranks, strict=True))


def test_stored_weights_are_those_of_the_smaller_form() -> None:
    square, wide = torch.Size([768, 768]), torch.Size([3072, 768])
    assert stored_weights([square], [383]) == 383 * 1536
    assert stored_weights([square], [384]) == stored_weights([square], [700]) == 768 * 768
    assert stored_weights([square, wide], [384, 614]) == 768 * 768 + 614 * 3840
    assert stored_weights([wide], [615]) == 768 * 3072


@pytest.mark.parametrize("target", [0.5, 0.85])
def test_without_the_score_map_it_is_truncated_svd_by_global_singular_values(
    make_job: MakeJob, tmp_path: Path, target: float
) -> None:
    job = make_job(tmp_path, sparsity=target)
    dense = [matrix.weight.detach().clone() for matrix in job.encoder]
    model = ACIP({"scores": "singular_values"}).compress(job)
    assert abs(remaining_parameters(model) - job.target.remaining) < 0.005 * job.target.total_parameters
    kept, removed = [], []
    for weight, matrix in zip(dense, Encoder(model), strict=True):
        if not isinstance(matrix.linear, LowRankLinear):
            assert torch.equal(matrix.weight, weight)
            continue
        left, values, right = torch.linalg.svd(weight, full_matrices=False)
        rank = matrix.linear.rank
        torch.testing.assert_close(matrix.weight, (left * values)[:, :rank] @ right[:rank], rtol=1e-4, atol=1e-5)
        kept += [values[rank - 1]] * (rank > 1)
        removed.append(values[rank])
    assert min(kept) >= max(removed)


def test_the_decompositions_are_paid_for(job: Job, make_job: MakeJob, tmp_path: Path) -> None:
    other = make_job(tmp_path / "other")
    other.charge(2 * sum(singular_value_decomposition(*matrix.weight.shape) for matrix in other.encoder))
    ACIP({"scores": "singular_values"}).compress(job)
    assert job.budget.spent == pytest.approx(other.budget.spent)


def test_an_adapter_adds_its_rank_or_is_merged_into_the_others() -> None:
    _, one = directions()
    torch.nn.init.normal_(one.up)
    kept = torch.arange(len(one.values)) < 4
    both = one.masked(OPEN * kept.double()) + one.adapter()
    first, second = one.factors(kept, merged=False)
    assert first.shape == (6, 9)
    torch.testing.assert_close(second @ first, both)
    first, second = one.factors(kept, merged=True)
    assert first.shape == (4, 9)
    least = torch.linalg.svdvals(both.detach())[4:].square().sum().sqrt()
    assert float(torch.linalg.norm(both - second @ first).detach()) == pytest.approx(float(least))


def test_a_dense_matrix_keeps_its_directions_and_its_adapter_for_nothing(job: Job, score_map: ScoreMap) -> None:
    dense = [matrix.weight.detach().clone() for matrix in job.encoder]
    for one in score_map.directions:
        torch.nn.init.normal_(one.up)
    important = [torch.full_like(values, float(i < 6)) for i, values in enumerate(score_map.values)]
    set_scores(score_map, *important)  # the first layer stays whole
    adapters = [one.adapter().detach() for one in score_map.directions]
    score_map.cut(job.model, job.encoder.parameters // 2, merged=False)
    matrices = Encoder(job.model).matrices
    for matrix, weight, adapter in zip(matrices[:6], dense, adapters, strict=False):
        torch.testing.assert_close(matrix.weight, weight + adapter)
    assert all(isinstance(matrix.linear, LowRankLinear) for matrix in matrices[6:])


def test_a_target_below_the_lowest_ranks_is_refused(make_job: MakeJob, tmp_path: Path) -> None:
    reason = ACIP().skip(make_job(tmp_path, sparsity=0.97))
    assert reason is not None
    assert reason.startswith("the lowest ranks take")
    assert ACIP({"adapters": "merged"}).skip(make_job(tmp_path, sparsity=0.9)) is None
