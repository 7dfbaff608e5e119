"""The Fisher information of masks, the search by it, and the rearrangement."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from conftest import MakeJob
from hypothesis import given
from hypothesis import strategies as st
from small_models import small_model, write_tiny_model

from benchmark.models.batch import Batch
from benchmark.models.encoder import Encoder
from benchmark.models.forward import front_end
from benchmark.models.units import Units
from benchmark.system.errors import CannotReachTarget
from benchmark.toolbox.job import Job
from benchmark.toolbox.scales import masked
from methods.kwon import mask_gradients, own_loss, rearranged, search


@pytest.mark.parametrize("kind", ["wav2vec2", "wavlm-pre-LN", "whisper"])
def test_mask_gradients_are_finite_differences(make_job: MakeJob, tmp_path: Path, kind: str) -> None:
    job = make_job(tmp_path, model=write_tiny_model(kind, tmp_path / "model"))
    batch = job.calibration(4.0)[0]
    assert batch.audio is not None
    with torch.no_grad():
        batch = replace(batch, audio=None, features=front_end(job.model, batch.audio).double())
    job.model.double()
    groups = job.encoder.units
    gradients = mask_gradients(job, [batch], groups)
    generator, step = torch.Generator().manual_seed(0), 1e-4
    for units, gradient in zip(groups, gradients, strict=True):
        assert gradient.shape == (len(batch.frames), units.count)
        direction = torch.randn(gradient.shape, generator=generator)[:, None].double()
        ahead, behind = (loss_with(job, batch, units, 1 + sign * step * direction) for sign in (1, -1))
        slope = float((gradient[:, None] * direction).sum())
        assert (ahead - behind) / (2 * step) == pytest.approx(slope, rel=1e-4, abs=1e-6), units.name


def loss_with(job: Job, batch: Batch, units: Units, mask: torch.Tensor) -> float:
    with masked([units], [mask]), torch.inference_mode():
        return float(own_loss(job.forward(job.model, batch)))


def test_gradients_do_not_depend_on_the_batches(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path, model=write_tiny_model("hubert-pre-LN", tmp_path / "model"))
    batch = next(batch for batch in job.calibration(8.0) if len(set(batch.frames.tolist())) > 1)
    assert batch.audio is not None
    each = [
        replace(batch, audio=batch.audio[row : row + 1], frames=batch.frames[row : row + 1])
        for row in range(len(batch.frames))
    ]
    groups = job.encoder.units
    for together, alone in zip(mask_gradients(job, [batch], groups), mask_gradients(job, each, groups), strict=True):
        torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-3)


@cache
def small_groups() -> list[Units]:
    """Eight heads of 1,048 parameters each and 96 neurons of 65, in two layers."""
    return Encoder(small_model("wav2vec2")).units


def cost_of(groups: list[Units], kept: list[torch.Tensor]) -> int:
    return sum(int(mask.sum()) * units.cost for units, mask in zip(groups, kept, strict=True))


@pytest.mark.parametrize(("of_heads", "removed", "heads_left"), [(1e6, 4_000, 8), (0.0, 7_000, 2)])
def test_the_search_weighs_heads_against_neurons(of_heads: float, removed: int, heads_left: int) -> None:
    groups = small_groups()
    importance = [torch.rand(units.count) + (of_heads if units.kind == "heads" else 1.0) for units in groups]
    kept = search(groups, importance, removed)
    assert sum(int(mask.sum()) for mask, units in zip(kept, groups, strict=True) if units.kind == "heads") == heads_left
    everything = sum(units.count * units.cost for units in groups)
    assert 0 <= everything - removed - cost_of(groups, kept) < groups[-1].cost
    for mask, score in zip(kept, importance, strict=True):
        assert mask[score.argmax()]
        assert score[mask].min() >= score[~mask].max() if not mask.all() else True


@given(st.integers(0, 1000), st.floats(0.05, 0.8))
def test_no_other_number_of_heads_has_more_importance(seed: int, share: float) -> None:
    groups, generator = small_groups(), torch.Generator().manual_seed(seed)
    importance = [torch.rand(units.count, generator=generator) * (units.cost / 65) ** 0.5 for units in groups]
    everything = sum(units.count * units.cost for units in groups)
    budget = everything - round(share * everything)
    kept = search(groups, importance, everything - budget)
    assert cost_of(groups, kept) <= budget
    found = sum(float(score[mask].sum()) for score, mask in zip(importance, kept, strict=True))
    best = {kind: [float(s.max()) for s, u in zip(importance, groups, strict=True) if u.kind == kind] for kind in KINDS}
    others = {kind: sorted(others_of(importance, groups, kind), reverse=True) for kind in KINDS}
    for extra in range(len(others["heads"]) + 1):
        room = (budget - (2 + extra) * groups[0].cost) // groups[-1].cost - 2
        if room >= 0:
            total = sum(best["heads"] + best["neurons"] + others["heads"][:extra] + others["neurons"][:room])
            assert total <= found + 1e-3


KINDS = ("heads", "neurons")


def others_of(importance: list[torch.Tensor], groups: list[Units], kind: str) -> list[float]:
    """The importance of all units of a kind but the best of each group."""
    scores = [score.sort().values[:-1] for score, units in zip(importance, groups, strict=True) if units.kind == kind]
    return [float(value) for value in torch.cat(scores)]


def test_a_target_beyond_the_last_units_is_refused() -> None:
    groups = small_groups()
    importance = [torch.rand(units.count) for units in groups]
    least = 2 * groups[0].cost + 2 * groups[-1].cost
    everything = sum(units.count * units.cost for units in groups)
    assert cost_of(groups, search(groups, importance, everything - least)) == least
    with pytest.raises(CannotReachTarget, match="one neuron per layer, 1 parameters too many are left"):
        search(groups, importance, everything - least + 1)


def test_units_whose_effects_cancel_are_pruned_together() -> None:
    gradients = torch.tensor([[1.0, 1.2, -1.3, 5.0]])
    kept = torch.tensor([False, False, True, True])  # by the diagonal; the pruned ones add up to 2.2
    assert rearranged(kept, gradients).tolist() == [True, False, False, True]  # -0.1


@given(st.integers(1, 8), st.integers(1, 20), st.integers(0, 1000))
def test_rearranging_never_increases_the_norm_of_the_pruned(utterances: int, units: int, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    gradients = torch.randn(utterances, units, generator=generator, dtype=torch.float64)
    kept = torch.rand(units, generator=generator) > 0.5
    after = rearranged(kept, gradients)
    assert after.sum() == kept.sum()
    norms = [float(gradients[:, ~mask].sum(1).square().sum()) for mask in (kept, after)]
    assert norms[1] <= norms[0] * (1 + 1e-9)
