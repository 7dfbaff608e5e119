"""Matrices from codebooks: their size, their gradients, and that a folder gives them back or is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from benchmark.models.checkpoints import SpeechModel, load, save
from benchmark.models.counting import count_parameters, remaining_parameters
from benchmark.models.encoder import Encoder
from benchmark.models.folder_state import plain_state
from benchmark.models.forms.codebook import CodebookLinear
from benchmark.models.forms.lookup import form_of
from benchmark.models.in_floats import in_floats
from benchmark.models.weight_files import PACKED
from benchmark.runs.footprint import macs_per_second
from benchmark.system.errors import UserError

CODES = torch.tensor([[0, 2, 2], [1, 0, 2]], dtype=torch.uint8)


def coded(outputs: int, inputs: int, *, centroids: int, block: int, bias: bool = True) -> CodebookLinear:
    """One with random codes."""
    generator = torch.Generator().manual_seed(0)
    codebook = torch.randn(centroids, block, generator=generator)
    codes = torch.randint(centroids, (outputs, inputs // block), generator=generator).to(torch.uint8)
    return CodebookLinear(codebook, codes, nn.Parameter(torch.zeros(outputs)) if bias else None)


def test_a_row_is_its_blocks_one_after_the_other() -> None:
    linear = CodebookLinear(torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), CODES, None)
    assert linear.weight.tolist() == [[1, 2, 5, 6, 5, 6], [3, 4, 1, 2, 5, 6]]
    assert linear(torch.eye(6)).T.tolist() == linear.weight.tolist()
    assert (linear.in_features, linear.out_features, linear.bias) == (6, 2, None)


def test_a_centroid_gets_the_gradients_of_all_its_blocks() -> None:
    linear = CodebookLinear(torch.zeros(3, 2), CODES, None)
    (linear.weight * torch.arange(12.0).view(2, 6)).sum().backward()
    assert linear.codebook.grad is not None
    assert linear.codebook.grad.tolist() == [[0 + 8, 1 + 9], [6, 7], [2 + 4 + 10, 3 + 5 + 11]]
    assert not linear.codes.requires_grad


def test_a_matrix_of_wav2vec2_base_takes_the_bytes_of_the_formula() -> None:
    """A byte per block of eight, and 256 centroids of eight 16-bit floats: 0.285 MiB instead of 9 MiB."""
    linear = coded(3072, 768, centroids=256, block=8, bias=False)
    linear.to_fp16()
    size = sum(tensor.nbytes for tensor in form_of(linear).tensors().values())
    assert size == 3072 * 768 // 8 + 256 * 8 * 2
    assert size / 2**20 == pytest.approx(0.285, abs=5e-4)
    assert 9 * 2**20 / size == pytest.approx(31.56, abs=5e-3)


def quantised(speech_model: SpeechModel) -> SpeechModel:
    """All matrices with random codebooks of 16 blocks of 8."""
    for matrix in Encoder(speech_model.model):
        linear = coded(matrix.linear.out_features, matrix.linear.in_features, centroids=16, block=8)
        linear.to_fp16()
        Encoder(speech_model.model).put(matrix, linear)
    return speech_model


def test_the_folder_holds_the_codes_and_gives_the_model_back(
    tiny: SpeechModel, tiny_model: Path, tmp_path: Path
) -> None:
    dense = load(tiny_model).model
    before, after = save(tiny, tmp_path / "dense"), save(quantised(tiny), tmp_path / "coded")
    matrices = Encoder(dense).matrices
    stored = sum(matrix.linear.weight.numel() // 8 + 16 * 8 * 2 for matrix in matrices)
    assert before - after == pytest.approx(4 * Encoder(dense).parameters - stored, abs=150 * len(matrices))
    again = load(tmp_path / "coded").model
    ours, theirs = plain_state(tiny.model), plain_state(again)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())
    assert remaining_parameters(again) == count_parameters(dense)
    assert macs_per_second(again) == macs_per_second(dense)
    tiny.model.eval()
    audio = torch.randn(1, 8000, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.equal(in_floats(again)(audio).logits, tiny.model(audio).logits)


@pytest.mark.parametrize("damage", ["a code without a centroid", "a missing row"])
def test_codes_that_do_not_fit_are_refused(tiny: SpeechModel, tmp_path: Path, damage: str) -> None:
    save(quantised(tiny), tmp_path / "coded")
    state = load_file(tmp_path / "coded" / PACKED)
    name = next(key for key in state if key.endswith(".codes"))
    if damage == "a missing row":
        state[name] = state[name][1:].clone()
    else:
        state[name][0, 0] = 16
    save_file(state, tmp_path / "coded" / PACKED)
    with pytest.raises(UserError, match=r"is damaged or does not fit its config\.json"):
        load(tmp_path / "coded")


def test_layers_can_share_codes(tiny: SpeechModel, tmp_path: Path) -> None:
    model = quantised(tiny).model
    total = count_parameters(model)
    first, last = (Encoder(model).matrices[index].linear for index in (0, 6))
    for name in ("codes", "codebook"):
        setattr(last, name, getattr(first, name))
    save(tiny, tmp_path / "shared")
    again = load(tmp_path / "shared").model
    assert Encoder(again).matrices[6].linear.get_parameter("codes") is Encoder(again).matrices[0].linear.codes
    assert (
        count_parameters(again)
        == total - first.get_parameter("codes").numel() - first.get_parameter("codebook").numel()
    )
