"""FlexiGPT: influence, distances and differences in closed form, and what the model is before it is trained."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from conftest import MakeJob
from small_models import write_tiny_model
from torch import nn
from transformers import PreTrainedModel

from benchmark.models.checkpoints import frozen_copy
from benchmark.models.counting import count_parameters, remaining_parameters
from benchmark.models.encoder import Encoder
from benchmark.models.folder_state import plain_state
from benchmark.models.forms.adapted import AdaptedLinear
from benchmark.models.forward import forward
from benchmark.models.sharing import shared_parameters
from benchmark.system.errors import CannotReachTarget
from benchmark.toolbox.job import Job
from methods.flexigpt import (
    FlexiGPT,
    approximated,
    block_influence,
    block_influences,
    distance,
    nearest_layers,
    order_of_replacement,
    share_weights,
    truncated,
)

BOTH = pytest.mark.parametrize("kind", ["wav2vec2", "wav2vec2-pre-LN", "whisper"])


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compress without recovery training."""
    monkeypatch.setattr(Job, "train", lambda *_args, **_options: None)


def compressed(job: Job, **settings: object) -> PreTrainedModel:
    return FlexiGPT({"calibration_seconds": 4.0} | settings).compress(job)


def logits(job: Job, model: PreTrainedModel) -> torch.Tensor:
    with torch.inference_mode():
        return forward(frozen_copy(model), job._speech.batch([0, 1, 2])).logits


def test_the_influence_of_a_layer_that_scales_or_turns() -> None:
    hidden = torch.randn(50, 16)
    for after, influence in ((hidden, 0.0), (3 * hidden, 0.0), (-hidden, 2.0)):
        assert float(block_influence(hidden, after)) == pytest.approx(influence, abs=1e-6)


@BOTH
def test_padding_has_no_influence(make_job: MakeJob, tmp_path: Path, kind: str) -> None:
    job = make_job(tmp_path, model=write_tiny_model(kind, tmp_path / kind))
    order = sorted(range(6), key=lambda index: job._speech.seconds[index])
    one_by_one = block_influences(job, [job._speech.batch([index]) for index in order])
    together = block_influences(job, [job._speech.batch(order)])
    assert len(together) == len(job.encoder.layers)
    if kind != "wav2vec2":  # which has no mask of padding: it hears it
        assert together == pytest.approx(one_by_one, rel=1e-4)
    assert all(0 < influence < 2 for influence in together)


def test_layers_go_by_influence_and_stacks_shrink_alike() -> None:
    assert order_of_replacement([4], [0.3, 0.1, 0.4, 0.2]) == [1, 3, 0]
    assert order_of_replacement([2, 4], [0.9, 0.8, 0.4, 0.3, 0.2, 0.1]) == [5, 4, 1, 3]


def test_the_distance_is_what_no_difference_of_the_rank_can_bridge() -> None:
    torch.manual_seed(0)
    ours, other = (approximated(torch.randn(12, 9), 3) for _ in range(2))
    assert torch.linalg.matrix_rank(ours - other) == 6
    beyond = torch.linalg.svdvals(ours - other)[3:].square().sum().sqrt()
    assert distance(ours, other, 3) == pytest.approx(float(beyond))
    assert distance(ours, other, 3) == pytest.approx(float((ours - other - approximated(ours - other, 3)).norm()))
    assert distance(ours, other, 6) == pytest.approx(0.0, abs=1e-12)


def test_a_difference_has_its_rank_and_at_full_rank_is_exact() -> None:
    torch.manual_seed(0)
    difference = torch.randn(12, 9, dtype=torch.float64)
    first, second = truncated(difference, 4)
    assert (first.shape, second.shape) == ((4, 9), (12, 4))
    assert torch.linalg.matrix_rank(second @ first) == 4
    first, second = truncated(difference, 9)
    torch.testing.assert_close(second @ first, difference, rtol=0, atol=1e-14)


def test_the_nearest_layer_is_one_that_stays(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path)
    noisy = {matrix.kind: matrix for matrix in job.encoder if matrix.layer == 2}
    with torch.no_grad():
        for matrix in job.encoder:
            if matrix.layer == 1:
                matrix.weight.copy_(noisy[matrix.kind].weight + 1e-3 * torch.randn_like(matrix.weight))
    assert nearest_layers(job, {m.name: 4 for m in job.encoder if m.layer == 1}) == {1: 2}
    assert nearest_layers(job, {m.name: 4 for m in job.encoder if m.layer in (1, 2)}) == {1: 0, 2: 0}


@BOTH
def test_differences_of_full_rank_leave_the_model_unchanged(make_job: MakeJob, tmp_path: Path, kind: str) -> None:
    job = make_job(tmp_path, model=write_tiny_model(kind, tmp_path / kind))
    before, last = logits(job, job.model), len(job.encoder.layers) - 1
    ranks = {matrix.name: min(matrix.weight.shape) for matrix in job.encoder if matrix.layer == last}
    share_weights(job, ranks, {last: last - 1}, gamma=None)
    assert len(shared_parameters(job.model)) >= len(ranks)
    torch.testing.assert_close(logits(job, job.model), before, rtol=0, atol=1e-4)


def test_without_a_layer_to_replace_the_model_is_the_dense_one(
    make_job: MakeJob, tmp_path: Path, untrained: None
) -> None:
    job = make_job(tmp_path, sparsity=1e-9)
    model, dense = compressed(job), plain_state(job.teacher())
    assert plain_state(model).keys() == dense.keys()
    assert all(torch.equal(tensor, dense[name]) for name, tensor in plain_state(model).items())


@BOTH
@pytest.mark.parametrize("sparsity", [0.3, 0.5, 0.6])
def test_layers_of_one_stack_share_weights_and_the_target_is_met(
    make_job: MakeJob, tmp_path: Path, untrained: None, kind: str, sparsity: float
) -> None:
    job = make_job(tmp_path, model=write_tiny_model(kind, tmp_path / kind), sparsity=sparsity)
    before = shared_parameters(job.model)
    model = compressed(job, least_rank=2)
    assert 0 <= job.target.remaining - remaining_parameters(model) < 64  # less than the smallest difference of rank one
    assert count_parameters(model) == remaining_parameters(model)
    for name, kept in shared_parameters(model).items() - before.items():
        stack, parts = name.partition(".layers.")[0], (name.split(".")[-1], kept.split(".")[-1])
        assert kept.startswith(stack)
        assert "base" in parts
    assert job.last["influence_0"] > 0


def test_more_layers_are_replaced_for_a_higher_rank(make_job: MakeJob, tmp_path: Path, untrained: None) -> None:
    replaced = {}
    for least in (1, 11):
        job = make_job(tmp_path, sparsity=0.3)
        model = compressed(job, least_rank=least)
        ranks = [len(m.linear.get_parameter("first")) for m in Encoder(model) if isinstance(m.linear, AdaptedLinear)]
        assert min(ranks) >= least
        replaced[least] = len(ranks) // 6
    assert replaced == {1: 1, 11: 2}


def test_a_target_below_one_layer_s_weights_is_refused(make_job: MakeJob, tmp_path: Path) -> None:
    with pytest.raises(CannotReachTarget, match=r"with the weights of one layer per stack, \d+ parameters too many"):
        compressed(make_job(tmp_path, sparsity=0.9))


@pytest.mark.parametrize("settings", [{"least_rank": -1}, {"calibration_seconds": 0.0}])
def test_settings_that_cannot_be_are_refused_before(
    make_job: MakeJob, tmp_path: Path, settings: dict[str, object]
) -> None:
    job = make_job(tmp_path)
    assert FlexiGPT().skip(job) is None
    assert "has to be" in (FlexiGPT(settings).skip(job) or "")


def skipped(job: Job) -> PreTrainedModel:
    """The dense model without the layers that the job's model has replaced."""
    model, adapted = frozen_copy(job._dense), job.encoder
    gone = {matrix.layer for matrix in adapted if isinstance(matrix.linear, AdaptedLinear)}
    orders, start = [], 0
    for stack in adapted.stacks:
        orders.append([i for i in range(len(stack)) if start + i not in gone])
        start += len(stack)
    Encoder(model).arrange(orders)
    return model


@pytest.mark.parametrize(("kind", "same"), [("wav2vec2-pre-LN", True), ("whisper", True), ("wav2vec2", False)])
def test_pre_ln_layers_start_as_the_identity_and_post_ln_layers_as_their_norms(
    make_job: MakeJob, tmp_path: Path, untrained: None, kind: str, same: bool
) -> None:
    job = make_job(tmp_path, model=write_tiny_model(kind, tmp_path / kind), sparsity=0.5)
    model = compressed(job, gamma=1e-7)
    start, skip = logits(job, model), logits(job, skipped(job))
    assert torch.allclose(start, skip, rtol=0, atol=1e-3) == same
    if same:
        return
    with torch.no_grad():  # norms that have learnt nothing change no state that is already normalised
        for norm in [*model.modules(), *job._dense.modules()]:
            if isinstance(norm, nn.LayerNorm):
                norm.weight.fill_(1.0)
                norm.bias.fill_(0.0)
    torch.testing.assert_close(logits(job, model), logits(job, skipped(job)), rtol=0, atol=1e-3)
