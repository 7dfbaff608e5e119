"""The denoiser: it keeps the length of what it hears, and training makes speech cleaner, the same way each time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from benchmark.corpora.manifest import Dataset
from benchmark.evaluations.certified import INTRODUCTION
from benchmark.smoothing.denoiser import Denoiser, load_denoiser, save_denoiser, train_denoiser
from benchmark.smoothing.votes import loudness

CPU = torch.device("cpu")
NOISE = 0.5


def gain(denoiser: Denoiser, corpus: Dataset) -> float:
    """How many times less noise there is in the test set's speech, as power, after denoising than before."""
    before, after = [], []
    for utterance in corpus.split("test"):
        audio = corpus.audio(utterance)
        clean = torch.from_numpy(audio / np.float32(loudness(audio)))
        noisy = clean + NOISE * torch.randn(clean.shape, generator=torch.Generator().manual_seed(1))
        with torch.no_grad():
            heard = denoiser(noisy[None], torch.tensor([NOISE]))[0]
        before.append(float((noisy - clean).square().mean()))
        after.append(float((heard - clean).square().mean()))
    return float(np.mean(before) / np.mean(after))


@pytest.fixture(scope="module")
def trained(tiny_corpus: Path) -> Denoiser:
    return train_denoiser(Dataset.open(tiny_corpus), "train", (0.1, NOISE), steps=40, device=CPU)


@pytest.mark.parametrize("samples", [7, 8, 801, 16_000])
def test_the_length_is_kept(samples: int) -> None:
    assert Denoiser()(torch.zeros(2, samples), torch.tensor([0.1, 0.2])).shape == (2, samples)


def test_training_makes_unheard_speech_cleaner(trained: Denoiser, tiny_corpus: Path) -> None:
    corpus = Dataset.open(tiny_corpus)
    assert 1.5 < gain(Denoiser(), corpus) < gain(trained, corpus) / 2


def test_training_is_repeatable_and_the_file_holds_all(trained: Denoiser, tiny_corpus: Path, tmp_path: Path) -> None:
    torch.rand(3)  # the state of torch's generator does not matter
    again = train_denoiser(Dataset.open(tiny_corpus), "train", (0.1, NOISE), steps=40, device=CPU)
    save_denoiser(again, tmp_path / "denoiser.safetensors")
    noisy, level = torch.linspace(-1, 1, 900)[None], torch.tensor([0.1])
    expected = trained(noisy, level)
    torch.testing.assert_close(load_denoiser(tmp_path / "denoiser.safetensors", CPU)(noisy, level), expected)


def test_the_table_says_how_many_parameters_it_has() -> None:
    assert f"{sum(parameter.numel() for parameter in Denoiser().parameters()):,} parameters" in INTRODUCTION
