"""A small convolutional denoiser of waveforms: one step of a diffusion model, as in denoised smoothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn

from benchmark.corpora.manifest import SAMPLE_RATE, Dataset
from benchmark.smoothing.votes import Floats, loudness
from benchmark.system.at_work import Bar

FFT, HOP = 512, 128  # samples: spectra of 32 ms, every 8 ms
BINS = FFT // 2 + 1
CHANNELS, LAYERS = 64, 2
BATCH, SEGMENT = 16, SAMPLE_RATE  # segments of a second
RATE = 2e-3


class Denoiser(nn.Module):
    """Predicts the noise in a noisy waveform and subtracts it: x = y - sigma e(y, sigma).

    Carlini et al. (ICLR 2023) denoise by one step of a pretrained diffusion model, which predicts the noise in the same
    way. This one is so small that a CPU can run it, and is trained on the study's own speech. It works on spectra.
    """

    window: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.read = nn.Conv1d(BINS, CHANNELS, 5, padding="same")
        self.layers = nn.ModuleList(
            nn.Conv1d(CHANNELS, CHANNELS, 5, dilation=2**layer, padding="same") for layer in range(LAYERS)
        )
        self.write = nn.Conv1d(CHANNELS, BINS, 1)
        for parameter in self.write.parameters():
            nn.init.zeros_(parameter)
        self.register_buffer("window", torch.hann_window(FFT), persistent=False)

    def forward(self, noisy: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Clean speech (batch, samples) from noisy speech of about unit RMS and the noise's deviations (batch,)."""
        return noisy - noise[:, None] * self.predicted(noisy, noise)

    def predicted(self, noisy: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """The noise (batch, samples), of unit variance.

        It is a share of every bin of the spectrum. Before training, this share is sigma^2 / (sigma^2 + |Y|^2) for noise
        of power sigma^2 and noisy speech of power |Y|^2.
        """
        spectrum = torch.stft(noisy, FFT, HOP, window=self.window, pad_mode="constant", return_complex=True)
        white = noise.square() * self.window.square().sum()  # power of the noise in every bin
        ratio = torch.log(spectrum.abs().square() / white[:, None, None] + 1e-6)
        hidden = F.relu(self.read(ratio))
        for layer in self.layers:
            hidden = hidden + F.relu(layer(hidden))
        share = torch.sigmoid(-ratio - self.write(hidden))
        found: torch.Tensor = torch.istft(share * spectrum, FFT, HOP, window=self.window, length=noisy.shape[1])
        return found / noise[:, None]


def train_denoiser(corpus: Dataset, split: str, levels: Sequence[float], steps: int, device: torch.device) -> Denoiser:
    """Train a denoiser on random segments of a split, with white noise of random levels, from a fixed seed."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        denoiser = Denoiser().to(device)
    random = np.random.default_rng(0)
    optimizer = torch.optim.Adam(denoiser.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for _ in Bar(range(steps), desc="denoiser", unit="step", mininterval=2):
        clean = np.stack([_segment(corpus, split, random) for _ in range(BATCH)])
        drawn = random.choice(np.array(levels, dtype=np.float32), BATCH)
        white = random.standard_normal(clean.shape, dtype=np.float32)
        noisy, level, noise = (
            torch.from_numpy(part).to(device) for part in (clean + drawn[:, None] * white, drawn, white)
        )
        optimizer.zero_grad()
        F.mse_loss(denoiser.predicted(noisy, level), noise).backward()
        optimizer.step()
        schedule.step()
    return denoiser.eval()


def _segment(corpus: Dataset, split: str, random: np.random.Generator) -> Floats:
    """A second of a random utterance of unit RMS; a shorter one is filled up with silence."""
    utterances = corpus.split(split)
    audio = corpus.audio(utterances[random.integers(len(utterances))])
    start = random.integers(max(len(audio) - SEGMENT, 0) + 1)
    segment = audio[start : start + SEGMENT] / loudness(audio)
    return np.pad(segment, (0, SEGMENT - len(segment)))


def save_denoiser(denoiser: Denoiser, path: Path) -> None:
    """Write a denoiser's weights."""
    save_file({name: tensor.cpu().contiguous() for name, tensor in denoiser.state_dict().items()}, path)


def load_denoiser(path: Path, device: torch.device) -> Denoiser:
    """A denoiser that `save_denoiser` wrote, on a device."""
    denoiser = Denoiser()
    denoiser.load_state_dict(load_file(path))
    return denoiser.to(device).eval()
