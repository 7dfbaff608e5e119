"""Decoding: every container, and everything that can be wrong with one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_corpora import encoded, real, tone

from benchmark.corpora.audio import UnusableError, decode
from benchmark.errors import UserError

CONTAINERS: dict[str, Any] = {
    "wav": {"format": "WAV"},
    "flac": {"format": "FLAC"},
    "sphere": {"format": "NIST", "subtype": "PCM_16"},
    "opus": {"format": "OGG", "subtype": "OPUS"},
}


@pytest.mark.parametrize("container", ["wav", "flac", "sphere"])
def test_16_bit_samples_come_back_exactly(container: str) -> None:
    samples = np.random.default_rng(0).integers(-32768, 32768, 4000, dtype=np.int16)
    decoded = decode(encoded(samples, **CONTAINERS[container]), "a")
    assert decoded.dtype == np.int16
    np.testing.assert_array_equal(decoded, samples)


def test_opus_keeps_length_and_sound() -> None:
    audio = tone(seconds=1.2345)
    decoded = decode(encoded(audio, **CONTAINERS["opus"]), "a") / 32768
    assert decoded.shape == audio.shape
    assert np.corrcoef(decoded, audio)[0, 1] > 0.99


def test_a_real_sphere_file_is_read_as_its_header_says() -> None:
    path = real("an4") / "wav" / "an4_clstk" / "fash" / "an251-fash-b.sph"
    samples = decode(path, str(path))
    assert samples.shape == (16_000,)
    assert samples.min() == -1060  # sample_min in its header
    np.testing.assert_array_equal(samples, np.frombuffer(path.read_bytes()[1024:], dtype="<i2"))


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("kept", [0.03, 0.5, 0.99])
def test_a_truncated_file_is_found_out(container: str, kept: float) -> None:
    data = encoded(tone(seconds=3), **CONTAINERS[container])
    with pytest.raises(UnusableError, match=r"truncated"):
        decode(data[: int(kept * len(data))], "a")


@pytest.mark.parametrize(("data", "reason"), [(b"", "empty"), (b"<html>not found</html>", "not readable as audio")])
def test_what_is_no_audio_is_named(data: bytes, reason: str) -> None:
    with pytest.raises(UnusableError, match=reason):
        decode(data, "a")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableError, match=r"no such file or directory: gone\.flac"):
        decode(tmp_path / "gone.flac", "a")


def test_8_khz_is_refused_with_what_to_do() -> None:
    with pytest.raises(UserError, match=r"call\.wav has 8000 Hz and 1 channel.*16000 Hz mono.*`resample: true`"):
        decode(encoded(tone(rate=8000), 8000, format="WAV"), "call.wav")


def test_stereo_is_refused_with_what_to_do() -> None:
    with pytest.raises(UserError, match=r"16000 Hz and 2 channel.*`resample: true`"):
        decode(encoded(np.stack([tone(), tone()], axis=1)), "a.flac")


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100])
def test_resampling_keeps_the_pitch(rate: int) -> None:
    decoded = decode(encoded(tone(seconds=1, rate=rate, pitch=1000), rate), "a", resample=True)
    assert decoded.shape == (16_000,)
    assert np.argmax(np.abs(np.fft.rfft(decoded / 32768))) == 1000  # bins are 1 Hz wide


def test_resampling_mixes_channels_down() -> None:
    left = tone()
    decoded = decode(encoded(np.stack([left, np.zeros_like(left)], axis=1)), "a", resample=True)
    np.testing.assert_allclose(decoded / 32768, left / 2, atol=2 / 32768)
