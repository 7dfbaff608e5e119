"""Teaching a CNN front-end to hear: its output predicts the log-mel energies of the audio under each frame.

A small raw-waveform model that learns from CTC alone stays on the blank plateau for a long time, because its front-end
has to become a filter bank by way of the transcripts. Log-mel energies are a target that needs none (our adaptation).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
import torchaudio
from torch import nn
from transformers import PreTrainedModel

from benchmark.corpora.manifest import SAMPLE_RATE
from benchmark.models.batch import Batch
from benchmark.models.forward import front_end

MELS = 40
WINDOW, HOP = 240, 160  # samples: two windows fill exactly the 400 samples that a frame of wav2vec 2.0 sees
FLOOR = 1e-3  # of the energy of normalised audio: softer sounds are silence


class LogMelHead(nn.Module):
    """A linear layer from the front-end's channels to the log-mel energies of two windows a frame; dropped later."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(channels, 2 * MELS)
        self.mel = torchaudio.transforms.MelSpectrogram(
            SAMPLE_RATE, n_fft=512, win_length=WINDOW, hop_length=HOP, n_mels=MELS, center=False, f_min=60
        )

    def targets(self, audio: torch.Tensor, frames: int) -> torch.Tensor:
        """Standardised log-mel energies (batch, frames, 2 * MELS) of normalised audio (batch, samples)."""
        margin = (self.mel.n_fft - WINDOW) // 2  # a window stands in the middle of its Fourier transform
        energies = self.mel(F.pad(audio, (margin, margin + HOP)))[..., : 2 * frames]
        log = torch.log(energies + FLOOR).transpose(1, 2)
        log = (log - log.mean((0, 1))) / (log.std((0, 1)) + 1e-3)
        return log.reshape(len(audio), frames, 2 * MELS)

    def loss(self, model: PreTrainedModel, batch: Batch) -> torch.Tensor:
        """Mean squared error over valid frames; 1 is what predicting the mean would give."""
        assert batch.audio is not None
        predicted = self.linear(front_end(model, batch.audio)).float()
        with torch.no_grad():
            wanted = self.targets(batch.audio, predicted.shape[1])
        valid = torch.arange(predicted.shape[1], device=predicted.device) < batch.frames[:, None]
        return F.mse_loss(predicted[valid], wanted[valid])
