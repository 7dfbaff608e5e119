"""Matrices with many zeros, held sparse: the same output, chosen by time, and only where the form exists."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from small_models import KINDS, write_tiny_model
from torch import nn

from benchmark.corpora.manifest import Dataset
from benchmark.inference import sparse_model as choosing
from benchmark.inference.sparse_kernels import SparseRows, is_two_of_four, sparse_rows
from benchmark.inference.sparse_model import sparse_model
from benchmark.inference.transcription import transcriber
from benchmark.models.batch import Batch
from benchmark.models.checkpoints import SpeechModel, load
from benchmark.models.encoder import Encoder
from benchmark.models.forms.quantised import quantise_linear
from benchmark.training.speech import Speech

FAMILIES = [*KINDS, "whisper"]


@pytest.mark.parametrize("zeros", [0.0, 0.5, 0.95, 1.0])
@pytest.mark.parametrize("shape", [(7,), (3, 7), (2, 3, 7)])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("block", [None, 2])
def test_sparse_rows_multiply_like_a_dense_matrix(
    zeros: float, shape: tuple[int, ...], bias: bool, block: int | None
) -> None:
    torch.manual_seed(0)
    linear, inputs = nn.Linear(7, 5, bias=bias), torch.randn(shape)
    with torch.no_grad():
        linear.weight[torch.rand_like(linear.weight) < zeros] = 0
        (sparse,) = sparse_rows(linear, [block])
        assert torch.allclose(sparse(inputs), linear(inputs), atol=1e-6)


@pytest.fixture
def faster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time says that the sparse form is faster."""
    monkeypatch.setattr(choosing, "_fastest", lambda forms, _rows: forms[-1])


@pytest.fixture(params=FAMILIES)
def pruned(request: pytest.FixtureRequest, tmp_path: Path) -> SpeechModel:
    """A tiny model of each family, with 9 of 10 weights zero in all matrices but the first."""
    speech_model = load(write_tiny_model(request.param, tmp_path / "dense"))
    torch.manual_seed(0)
    with torch.no_grad():
        for matrix in Encoder(speech_model.model).matrices[1:]:
            matrix.linear.weight[torch.rand_like(matrix.linear.weight) < 0.9] = 0
    return speech_model


@pytest.fixture
def batch(pruned: SpeechModel, tiny_corpus: Path) -> Batch:
    return first_batch(pruned, tiny_corpus)


def first_batch(speech_model: SpeechModel, tiny_corpus: Path) -> Batch:
    speech = Speech(speech_model, Dataset.open(tiny_corpus), "test")
    return next(batch for _, batch in speech.in_order(4.0))


@pytest.mark.usefixtures("faster")
def test_every_family_transcribes_the_same(pruned: SpeechModel, batch: Batch) -> None:
    before = {matrix.name: matrix.linear for matrix in Encoder(pruned.model)}
    found, count = sparse_model(pruned, batch)
    kinds = [isinstance(matrix.linear, SparseRows) for matrix in Encoder(found.model)]
    assert kinds == [False, *[True] * count]
    assert count == len(before) - 1
    assert transcriber(found)(batch) == transcriber(pruned)(batch)
    assert {matrix.name: matrix.linear for matrix in Encoder(pruned.model)} == before  # not changed


@pytest.fixture
def tiny_pruned(tiny: SpeechModel) -> SpeechModel:
    with torch.no_grad():
        for matrix in Encoder(tiny.model):
            matrix.linear.weight[torch.rand_like(matrix.linear.weight) < 0.9] = 0
    return tiny


def test_only_what_is_faster_is_sparse(
    tiny_pruned: SpeechModel, tiny_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the clock, the sparse form gains time on vectors of the FFN's width, 128, and loses it on others."""

    batch, gain = first_batch(tiny_pruned, tiny_corpus), {128: 0.0, 32: -0.5}

    def seconds(module: nn.Module, inputs: torch.Tensor) -> float:
        return 1.5 - gain[inputs.shape[-1]] if isinstance(module, SparseRows) else 1.5

    monkeypatch.setattr(choosing, "_seconds", seconds)
    assert sparse_model(tiny_pruned, batch)[1] == 0  # equal times are not faster
    gain[128] = 0.1
    found, count = sparse_model(tiny_pruned, batch)
    sparse = [matrix.kind for matrix in Encoder(found.model) if isinstance(matrix.linear, SparseRows)]
    assert sparse == ["ffn_out"] * count
    assert count == 3


@pytest.mark.usefixtures("faster")
def test_matrices_are_timed_on_what_they_get(
    tiny_pruned: SpeechModel, tiny_corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = first_batch(tiny_pruned, tiny_corpus)
    rows: list[int] = []

    def dense(forms: list[nn.Module], count: int) -> nn.Module:
        rows.append(count)
        return forms[0]

    monkeypatch.setattr(choosing, "_fastest", dense)
    sparse_model(tiny_pruned, batch)
    assert set(rows) == {int(len(batch.frames) * batch.frames.max())}


@pytest.mark.usefixtures("faster")
def test_dense_and_rounded_matrices_stay(tiny: SpeechModel, tiny_corpus: Path) -> None:
    batch = first_batch(tiny, tiny_corpus)
    assert sparse_model(tiny, batch)[1] == 0  # no zeros
    with torch.no_grad():
        for matrix in Encoder(tiny.model):
            matrix.linear.weight[:, 1:] = 0
            quantise_linear(matrix.linear, "weight_only")
    assert sparse_model(tiny, batch)[1] == 0


@pytest.mark.usefixtures("faster")
def test_sparse_rows_are_for_fp32(tiny_pruned: SpeechModel, tiny_corpus: Path) -> None:
    batch = first_batch(tiny_pruned, tiny_corpus)
    with torch.autocast("cpu", torch.bfloat16):
        assert sparse_model(tiny_pruned, batch)[1] == 0


def test_two_of_four() -> None:
    assert is_two_of_four(torch.tensor([[1.0, 0, 2, 0, 0, 0, 0, 3]]))
    assert not is_two_of_four(torch.tensor([[1.0, 0, 2, 4, 0, 0, 0, 0]]))
    assert not is_two_of_four(torch.tensor([[1.0, 0, 2, 0, 0, 0]]))  # six are not divisible by four


@pytest.mark.skipif(not torch.cuda.is_available(), reason="2:4 sparsity needs a GPU")
def test_two_of_four_multiplies_like_a_dense_matrix() -> None:
    from benchmark.inference.sparse_kernels import TwoOfFour

    torch.manual_seed(0)
    linear = nn.Linear(128, 64, device="cuda", dtype=torch.bfloat16)
    with torch.no_grad():
        linear.weight.view(64, -1, 4)[..., ::2] = 0
        inputs = torch.randn(2, 64, 128, device="cuda", dtype=torch.bfloat16)
        assert torch.allclose(TwoOfFour(linear)(inputs), linear(inputs), atol=2e-2)
