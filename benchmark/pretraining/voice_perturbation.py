"""New voices from the same recordings, for training data with few speakers: pace, pitch, formants and timbre vary."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from benchmark.training.speech import Speech, normalised

PACE = (0.85, 1.2)  # range of the playback speed; pitch and formants change with it
TIMBRE_DB = 4.0  # standard deviation of the gain at each knot of the spectrum
KNOTS = 9  # evenly spaced from 0 Hz to half the sampling rate


def another_voice(speech: Speech, index: int, variant: float, seed: int) -> torch.Tensor:
    """Audio (samples,) of an utterance in another voice, which `index`, `variant` and `seed` determine."""
    rng = np.random.default_rng([seed, index, round(100 * variant)])
    pace = float(np.exp(rng.uniform(*np.log(PACE))))
    return normalised(with_timbre(speech.audio(index, pace), torch.from_numpy(rng.normal(0, TIMBRE_DB, KNOTS)).float()))


def with_timbre(audio: torch.Tensor, gains_db: torch.Tensor) -> torch.Tensor:
    """Audio (samples,) through a zero-phase filter whose gain in dB runs linearly from knot to knot."""
    spectrum = torch.fft.rfft(audio)
    curve = F.interpolate(gains_db[None, None], spectrum.numel(), mode="linear", align_corners=True)[0, 0]
    filtered: torch.Tensor = torch.fft.irfft(spectrum * 10 ** (curve / 20), audio.numel())
    return filtered
