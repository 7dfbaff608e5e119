"""What is smoothed: denoiser, level, the model's own preprocessing, greedy decoding, and normalisation of the text."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F

from benchmark.corpora.manifest import SAMPLE_RATE
from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.batch import Batch
from benchmark.models.checkpoints import SpeechModel
from benchmark.models.forward import frame_counts
from benchmark.scoring.normalizers import NormalizerName, normalizer
from benchmark.scoring.wer import words
from benchmark.smoothing.denoiser import Denoiser
from benchmark.smoothing.votes import Floats
from benchmark.training.speech import normalised


class Pipeline:
    """A model with its preprocessing, as a function from waveforms of unit RMS to transcripts. It computes in fp32.

    Args:
        speech_model: the model.
        denoiser: denoises before the model hears anything; None leaves the noise in.
        texts: normalises transcripts, as for scoring.
        batch_seconds: seconds of audio per batch.
    """

    def __init__(
        self, speech_model: SpeechModel, denoiser: Denoiser | None, texts: NormalizerName, batch_seconds: float
    ) -> None:
        self.speech_model, self.denoiser = speech_model, denoiser
        self.normalise: Callable[[str], str] = normalizer(texts)
        self.batch_seconds = batch_seconds
        self.window = architecture_of(speech_model.model).window_samples(speech_model.model)

    def copies(self, samples: int) -> int:
        """How many copies of a recording fit into a batch."""
        return max(1, int(self.batch_seconds * SAMPLE_RATE) // (self.window or samples))

    @torch.no_grad()
    def transcripts(self, noisy: Floats, noise: float, level: float) -> list[str]:
        """Transcripts of noisy copies (copies, samples) of a recording.

        Args:
            noisy: the copies, of unit RMS before the noise.
            noise: its standard deviation, which the denoiser is told.
            level: RMS of the recording, at which the model hears it.
        """
        model = self.speech_model.model
        audio = torch.from_numpy(noisy).to(model.device)
        frames = frame_counts(model, torch.full((len(audio),), audio.shape[1])).to(model.device)
        if self.denoiser:
            audio = self.denoiser(audio, torch.full((len(audio),), noise, device=model.device))
        audio = audio * level
        if self.speech_model.normalise_audio:
            audio = torch.stack([normalised(copy) for copy in audio])
        if self.window:
            audio = F.pad(audio, (0, self.window - audio.shape[1]))
        none = torch.zeros(0, dtype=torch.long, device=model.device)
        batch = Batch(audio, None, frames, none, none, audio.numel() / SAMPLE_RATE)
        found = architecture_of(model).transcribe(model, batch, self.speech_model.tokenizer)
        return [" ".join(words(self.normalise(transcript.text))) for transcript in found]
