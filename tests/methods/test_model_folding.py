"""Model Folding: what is there twice is folded without loss, and the variance of what is not is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from conftest import MakeJob
from small_models import LETTERS, small_model, write_tiny_model
from transformers import PreTrainedModel

from benchmark.models.checkpoints import SpeechModel, load, save_dense
from benchmark.models.encoder import Encoder
from benchmark.models.folder_state import plain_state
from benchmark.models.units import Units
from benchmark.toolbox.job import Job
from methods.model_folding import Clusters, ModelFolding, pre_activations, repair, variance_ratio

KINDS = ("wav2vec2", "hubert-pre-LN", "data2vec-audio")


def logits(model: PreTrainedModel) -> torch.Tensor:
    with torch.inference_mode():
        output: torch.Tensor = model(torch.randn(2, 4_000, generator=torch.Generator().manual_seed(0))).logits
    return output


@torch.no_grad()
def double_neurons(neurons: Units) -> None:
    """The second half has the rows of the first, well apart from each other, and columns of its own."""
    half = neurons.count // 2
    (linear,) = neurons.inward
    linear.weight.mul_(100)
    linear.weight[half:] = linear.weight[:half]
    linear.bias[half:] = linear.bias[:half]


@torch.no_grad()
def double_heads(heads: Units) -> None:
    """The second half has the first's queries and keys, rotated, and its values, rotated, with columns of its own."""
    half = heads.count * heads.width // 2
    query, key, value = heads.inward
    for together in ((query, key), (value,)):
        turns = [torch.linalg.qr(torch.randn(heads.width, heads.width)).Q for _ in range(heads.count // 2)]
        rotation = torch.block_diag(*turns)
        for linear in together:
            linear.weight.mul_(30)
            linear.weight[half:] = rotation @ linear.weight[:half]
            linear.bias[half:] = rotation @ linear.bias[:half]
    columns = heads.outward.weight[:, :half]
    heads.outward.weight[:, half:] = (columns + columns.std() * torch.randn_like(columns) / 10) @ rotation.T


def folded(kind: str, double: Callable[[Encoder], None], make_job: MakeJob, folder: Path, **settings: object) -> Job:
    """A job that folded a model in which units are doubled, with half of its neurons or half of all left."""
    model = small_model(kind)
    double(Encoder(model))
    save_dense(SpeechModel(model, LETTERS), folder / "model")
    encoder = Encoder(model)
    halves = sum(units.cost * units.count // 2 for units in encoder.neurons) / encoder.parameters
    job = make_job(folder, model=folder / "model", sparsity=0.5 if settings["heads"] else halves)
    ModelFolding(settings).compress(job)
    return job


@pytest.mark.parametrize("variance", ["none", "fold_ar"])
@pytest.mark.parametrize("kind", KINDS)
def test_doubled_neurons_are_folded_without_loss(kind: str, variance: str, make_job: MakeJob, tmp_path: Path) -> None:
    def double(encoder: Encoder) -> None:
        for neurons in encoder.neurons:
            double_neurons(neurons)

    job = folded(kind, double, make_job, tmp_path, heads=False, variance=variance)
    assert {units.count for units in job.encoder.neurons} == {24}
    assert {units.count for units in job.encoder.heads} == {4}
    torch.testing.assert_close(logits(job.model), logits(load(tmp_path / "model").model), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_doubled_heads_are_folded_without_loss_however_they_are_rotated(
    kind: str, make_job: MakeJob, tmp_path: Path
) -> None:
    def double(encoder: Encoder) -> None:
        torch.manual_seed(1)
        for heads in encoder.heads:
            double_heads(heads)
        for neurons in encoder.neurons:
            double_neurons(neurons)

    job = folded(kind, double, make_job, tmp_path, heads=True)
    assert {units.count for units in job.encoder.heads} == {2}
    torch.testing.assert_close(logits(job.model), logits(load(tmp_path / "model").model), rtol=1e-4, atol=1e-4)


def test_a_target_of_nothing_leaves_the_model_as_it_is(make_job: MakeJob, tmp_path: Path) -> None:
    job = make_job(tmp_path, sparsity=1e-5)
    before = {name: tensor.clone() for name, tensor in plain_state(job.model).items()}
    after = plain_state(ModelFolding({}).compress(job))
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def rows_of_cosine(cosine: float) -> tuple[torch.Tensor, Clusters]:
    """Four unit rows, any two of which have this cosine, in one cluster."""
    gram = torch.full((4, 4), cosine, dtype=torch.float64).fill_diagonal_(1)
    values, vectors = torch.linalg.eigh(gram)
    return vectors * values.clamp(min=0).sqrt(), Clusters(torch.ones(1, 4, dtype=torch.float64), torch.tensor([0]))


@pytest.mark.parametrize(("cosine", "scale"), [(1.0, 1.0), (0.0, 2.0), (0.5, 1.26491)])
def test_the_scale_of_fold_ar(cosine: float, scale: float) -> None:
    assert float(variance_ratio(*rows_of_cosine(cosine)).sqrt()) == pytest.approx(scale, abs=1e-5)
    assert scale == pytest.approx(4 / (4 + 12 * cosine) ** 0.5, abs=1e-5)


def test_the_scaled_mean_has_the_variance_of_a_single_neuron() -> None:
    rows, cluster = rows_of_cosine(0.3)
    inputs = torch.randn(200_000, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    averaged = inputs @ (cluster.mean @ rows).T
    assert float((inputs @ rows.T).var(0).mean()) == pytest.approx(1, abs=0.01)
    assert float(averaged.var()) == pytest.approx((1 + 3 * 0.3) / 4, abs=0.01)
    assert float((averaged * variance_ratio(rows, cluster).sqrt()).var()) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("kind", ["wav2vec2", "whisper"])
def test_repair_gives_the_pre_activations_the_moments_that_are_asked_for(
    kind: str, make_job: MakeJob, tmp_path: Path
) -> None:
    job = make_job(tmp_path, model=write_tiny_model(kind, tmp_path / "model"))
    batches = job.calibration(8.0)
    torch.manual_seed(0)
    wanted = {u.layer: torch.stack([torch.randn(u.count), torch.rand(u.count) + 0.5]) for u in job.encoder.neurons}
    repair(job, batches, wanted)
    moments = pre_activations(job, job, [matrix for matrix in job.encoder if matrix.kind == "ffn_in"], batches)
    assert moments.keys() == wanted.keys()
    for layer, expected in wanted.items():
        torch.testing.assert_close(moments[layer].float(), expected, rtol=1e-3, atol=1e-3)


def test_repair_restores_the_variance_that_merging_loses(make_job: MakeJob, tmp_path: Path) -> None:
    def deviations(variance: str | None) -> torch.Tensor:
        job = make_job(tmp_path)
        if variance:
            ModelFolding({"variance": variance, "calibration_seconds": 8.0}).compress(job)
        job.meter(job.model)
        moments = pre_activations(job, job, [m for m in job.encoder if m.kind == "ffn_in"], job.calibration(8.0))
        return torch.stack([moments[layer][1].mean() for layer in sorted(moments)])

    dense, plain, repaired = (deviations(variance) for variance in (None, "none", "repair"))
    assert (plain < 0.8 * dense).all()
    torch.testing.assert_close(repaired, dense, rtol=0.1, atol=0)
