"""A training target for a CNN front-end: its output predicts the log-mel energies of the audio under each frame.

A small raw-waveform model that learns from CTC alone predicts only blanks for a long time, because its front-end has to
learn a filter bank from the transcripts. Log-mel energies are a target without transcripts (our adaptation).
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
WINDOW, HOP = 240, 160  # samples: two windows span exactly the 400 samples of a wav2vec 2.0 frame
FLOOR = 1e-3  # added to the energy of normalised audio: softer sounds count as silence


class LogMelHead(nn.Module):
    """A linear layer from the front-end's channels to log-mel energies, two windows per frame. Discarded later."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.linear = nn.Linear(channels, 2 * MELS)
        self.mel = torchaudio.transforms.MelSpectrogram(
            SAMPLE_RATE, n_fft=512, win_length=WINDOW, hop_length=HOP, n_mels=MELS, center=False, f_min=60
        )

    def targets(self, audio: torch.Tensor, frames: int) -> torch.Tensor:
        """Standardised log-mel energies (batch, frames, 2 * MELS) of normalised audio (batch, samples)."""
        margin = (self.mel.n_fft - WINDOW) // 2  # each window is centred in its Fourier transform
        energies = self.mel(F.pad(audio, (margin, margin + HOP)))[..., : 2 * frames]
        log = torch.log(energies + FLOOR).transpose(1, 2)
        log = (log - log.mean((0, 1))) / (log.std((0, 1)) + 1e-3)
        return log.reshape(len(audio), frames, 2 * MELS)

    def loss(self, model: PreTrainedModel, batch: Batch) -> torch.Tensor:
        """Mean squared error over valid frames. Predicting the mean would give 1."""
        assert batch.audio is not None
        predicted = self.linear(front_end(model, batch.audio)).float()
        with torch.no_grad():
            wanted = self.targets(batch.audio, predicted.shape[1])
        valid = torch.arange(predicted.shape[1], device=predicted.device) < batch.frames[:, None]
        return F.mse_loss(predicted[valid], wanted[valid])
