"""Decode any audio file that a corpus comes in (WAV, FLAC, Ogg/Opus, NIST SPHERE) to 16 kHz mono."""

from __future__ import annotations

import io
import re
from math import gcd
from pathlib import Path

import numpy as np
import soundfile

from benchmark.corpora.manifest import SAMPLE_RATE
from benchmark.errors import UserError


class UnusableError(Exception):
    """This one recording cannot be used; the message says why in a few words."""


def decode(audio: Path | bytes, source: str, *, resample: bool = False) -> np.ndarray:
    """Decode one recording.

    Args:
        audio: a file, or the bytes of one.
        source: what to call it in messages.
        resample: convert another sampling rate or several channels instead of refusing them.

    Returns:
        int16 (samples,) at 16 kHz.

    Raises:
        UnusableError: the recording is missing, empty, truncated or no audio at all.
        UserError: it is not 16 kHz mono, and `resample` is off.
    """
    data = audio if isinstance(audio, bytes) else _read(audio)
    if not data:
        raise UnusableError("the file is empty")
    if _is_cut_short(data):
        raise UnusableError("truncated: the file ends before its header says")
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            frames, rate = file.frames, file.samplerate
            samples = file.read(dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise UnusableError(f"not readable as audio, or truncated ({error.error_string})") from None
    if len(samples) < frames:
        raise UnusableError(f"truncated: {len(samples)} of {frames} samples")
    return _to_int16(_to_16k_mono(samples, rate, source, resample))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnusableError(f"{error.strerror}: {path.name}".lower()) from None


def _to_16k_mono(samples: np.ndarray, rate: int, source: str, resample: bool) -> np.ndarray:
    """(samples, channels) at any rate -> (samples,) at 16 kHz."""
    channels = samples.shape[1]
    if (rate, channels) != (SAMPLE_RATE, 1) and not resample:
        raise UserError(
            f"{source} has {rate} Hz and {channels} channel(s), but models need {SAMPLE_RATE} Hz mono: "
            "set `resample: true` under `corpus` in the study's config, or convert the corpus"
        )
    mono: np.ndarray = samples.mean(axis=1)
    if rate == SAMPLE_RATE:
        return mono
    from scipy.signal import resample_poly

    common = gcd(rate, SAMPLE_RATE)
    return np.asarray(resample_poly(mono, SAMPLE_RATE // common, rate // common))


def _to_int16(samples: np.ndarray) -> np.ndarray:
    """Exact for 16-bit originals; a lossy codec's overshoot is clipped."""
    return np.asarray(np.clip(np.rint(samples * 32768), -32768, 32767), dtype="<i2")


def _is_cut_short(data: bytes) -> bool:
    """Whether a container promises more bytes than there are. libsndfile reads such files without a word.

    FLAC needs no check: its decoder fails.
    """
    match data[:4]:
        case b"RIFF":
            size = int.from_bytes(data[4:8], "little")
            return size != 0xFFFFFFFF and 8 + size > len(data)  # all ones: written to a pipe, size unknown
        case b"NIST":
            return _sphere_size(data) > len(data)
        case b"OggS":
            return not _ogg_ends(data)
    return False


def _sphere_size(data: bytes) -> int:
    """Size in bytes that the header of an uncompressed NIST SPHERE file asks for."""
    header = data[:1024].decode("latin-1")
    size = re.match(r"NIST_1A\s+(\d+)", header)
    fields = dict(re.findall(r"^(sample_count|sample_n_bytes|channel_count) -i (\d+)", header, re.MULTILINE))
    samples = int(fields.get("sample_count", 0)) * int(fields.get("channel_count", 1))
    return int(size.group(1) if size else 1024) + samples * int(fields.get("sample_n_bytes", 2))


def _ogg_ends(data: bytes) -> bool:
    """Whether the last page is whole and is marked as the stream's last (RFC 3533, section 6)."""
    page = data[data.rfind(b"OggS") :]
    if len(page) < 27 or len(page) < 27 + page[26]:
        return False
    return bool(page[5] & 4) and len(page) >= 27 + page[26] + sum(page[27 : 27 + page[26]])
