"""Decoding of a corpus's audio files (WAV, FLAC, Ogg/Opus, NIST SPHERE) to 16 kHz mono."""

from __future__ import annotations

import io
from math import gcd
from pathlib import Path

import numpy as np
import soundfile

from benchmark.corpora.containers import damage
from benchmark.corpora.manifest import SAMPLE_RATE
from benchmark.system.errors import UserError

LOWEST_RATE, HIGHEST_RATE = 4_000, 192_000  # Hz; resampling from other rates may take endless time or memory
MOST_VALUES = 2**28  # per recording, over all channels: 4.6 hours of 16 kHz mono
LOUDEST = 256.0  # full scale is 1: larger floats are not samples, or are integers that were not scaled
BLOCK = 2**16  # frames decoded at a time
UNKNOWN = 2**63 - 1  # libsndfile's value for a length that the header leaves open, as FLAC may


class UnusableError(Exception):
    """This recording cannot be used; the message says why in a few words."""


class _Bytes(io.BytesIO):
    """Ignores a seek to before the start, which a damaged header may ask for. soundfile would print a traceback."""

    def seek(self, offset: int, whence: int = 0) -> int:
        try:
            return super().seek(offset, whence)
        except ValueError:
            return self.tell()


class _InOrder(soundfile.SoundFile):  # type: ignore[misc]  # soundfile has no types
    """Decodes from start to end without seeking. Seeking fails at the end of a FLAC file of unknown length."""

    def seekable(self) -> bool:
        return False


def decode(audio: Path | bytes, source: str, *, resample: bool = False) -> np.ndarray:
    """Decode one recording.

    Args:
        audio: a file, or its bytes.
        source: the recording's name in messages.
        resample: convert another sampling rate or several channels instead of refusing them.

    Returns:
        int16 (samples,) at 16 kHz.

    Raises:
        UnusableError: the recording is missing, empty, truncated, damaged or not audio, or its header claims
            impossible values.
        UserError: it is not 16 kHz mono, and `resample` is off.
    """
    data = audio if isinstance(audio, bytes) else _read(audio)
    if not data:
        raise UnusableError("the file is empty")
    if problem := damage(data):
        raise UnusableError(problem)
    try:
        with _InOrder(_Bytes(data)) as file:
            claimed, rate = file.frames, file.samplerate
            _check_header(claimed, rate, file.channels, source, resample)
            samples = _decoded(file)
    except soundfile.LibsndfileError as error:
        raise UnusableError(f"not readable as audio, or truncated ({error.error_string})") from None
    if len(samples) < claimed != UNKNOWN:
        raise UnusableError(f"truncated: {len(samples)} of {claimed} samples")
    if not len(samples):
        raise UnusableError("no samples")
    if not (np.abs(samples) < LOUDEST).all():  # NaN fails this comparison too
        raise UnusableError("samples that are NaN, infinite or far beyond full scale")
    return _to_int16(_to_16k_mono(samples, rate))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnusableError(f"{error.strerror}: {path.name}".lower()) from None


def _check_header(frames: int, rate: int, channels: int, source: str, resample: bool) -> None:
    """Refuse a header with impossible values before any memory is allocated for them."""
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise UnusableError(f"its header says {rate} Hz, but only {LOWEST_RATE} to {HIGHEST_RATE} Hz can be converted")
    if frames != UNKNOWN and frames * channels > MOST_VALUES:
        raise UnusableError(f"its header says {frames} samples in {channels} channel(s), too many for one recording")
    if (rate, channels) != (SAMPLE_RATE, 1) and not resample:
        raise UserError(
            f"{source} has {rate} Hz and {channels} channel(s), but models need {SAMPLE_RATE} Hz mono: "
            "set `resample: true` under `corpus` in the study's config, or convert the corpus"
        )


def _decoded(file: soundfile.SoundFile) -> np.ndarray:
    """All frames that can be decoded, float32 (frames, channels), whatever length the header claims."""
    blocks = [np.zeros((0, file.channels), dtype=np.float32)]
    values = 0
    while values <= MOST_VALUES:
        blocks.append(file.read(BLOCK, dtype="float32", always_2d=True))
        values += blocks[-1].size
        if len(blocks[-1]) < BLOCK:
            return np.concatenate(blocks)
    raise UnusableError("too long for one recording")


def _to_16k_mono(samples: np.ndarray, rate: int) -> np.ndarray:
    """Convert (samples, channels) at any rate to (samples,) at 16 kHz."""
    mono: np.ndarray = samples.mean(axis=1)
    if rate == SAMPLE_RATE:
        return mono
    from scipy.signal import resample_poly

    common = gcd(rate, SAMPLE_RATE)
    return np.asarray(resample_poly(mono, SAMPLE_RATE // common, rate // common))


def _to_int16(samples: np.ndarray) -> np.ndarray:
    """Convert floats to int16: exact for 16-bit originals, and clipped where a lossy codec overshoots."""
    return np.asarray(np.clip(np.rint(samples * 32768), -32768, 32767), dtype="<i2")
