"""What all audio of the embedded corpus has in common: 16 kHz, a speech level, silence around it, FLAC files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

SAMPLE_RATE = 16_000
SPEECH_RMS = 0.06  # speech level, about -24 dBFS


def to_corpus_audio(audio: np.ndarray, rate: int, seed: int) -> np.ndarray:
    """Resample to 16 kHz, set the level, and add up to 0.3 s of near silence at both ends."""
    rng = np.random.default_rng(seed)
    audio = resample_poly(audio, SAMPLE_RATE // 8000, rate // 8000)
    audio = audio * (SPEECH_RMS * rng.uniform(0.6, 1.6) / max(float(np.sqrt(np.mean(audio**2))), 1e-6))
    before, after = (np.zeros(int(rng.uniform(0.05, 0.3) * SAMPLE_RATE)) for _ in range(2))
    audio = np.concatenate([before, audio, after])
    audio = audio + rng.normal(0, 2e-4, audio.shape)
    return np.clip(audio, -0.99, 0.99).astype(np.float32)


def read_flac(path: Path) -> np.ndarray:
    """Samples of a 16 kHz mono file, float32 (samples,)."""
    audio, rate = soundfile.read(path, dtype="float32")
    if rate != SAMPLE_RATE or audio.ndim != 1:
        raise SystemExit(f"{path} is not 16 kHz mono: delete it and synthesise it again")
    return audio


def write_flac(path: Path, audio: np.ndarray) -> None:
    """Write a 16 kHz FLAC file that appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.part")
    soundfile.write(partial, audio, SAMPLE_RATE, format="FLAC")
    partial.rename(path)
