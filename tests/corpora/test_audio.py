"""Decoding: every container, and everything that can be wrong with one."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_corpora import encoded, real, tone

from benchmark.corpora.audio import UnusableError, decode
from benchmark.system.errors import UserError

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


def with_bytes(data: bytes, place: int, new: bytes) -> bytes:
    return data[:place] + new + data[place + len(new) :]


def flac_of_length(data: bytes, frames: int) -> bytes:
    """A FLAC file whose header says another number of frames, of 36 bits; 0 stands for unknown."""
    number = (int.from_bytes(data[21:26], "big") & ~(2**36 - 1)) | frames
    return with_bytes(data, 21, number.to_bytes(5, "big"))


@pytest.mark.parametrize("rate", [0, 1, 3_999, 192_001, 2_147_483_647, 4_000_000_000])
def test_a_rate_that_no_speech_has_is_refused_by_the_header(rate: int) -> None:
    wav = with_bytes(encoded(tone(), format="WAV"), 24, rate.to_bytes(4, "little"))
    with pytest.raises(UnusableError, match=r"its header says .* Hz|not readable"):
        decode(wav, "a", resample=True)


def test_the_largest_prime_rate_is_resampled() -> None:
    wav = with_bytes(encoded(tone(), format="WAV"), 24, (191_999).to_bytes(4, "little"))
    assert decode(wav, "a", resample=True).shape == (667,)


def test_a_flac_file_of_unknown_length_is_read_whole() -> None:
    audio = np.random.default_rng(0).integers(-9999, 9999, 150_000, dtype=np.int16)
    np.testing.assert_array_equal(decode(flac_of_length(encoded(audio), 0), "a"), audio)


def test_a_flac_file_of_unknown_length_that_breaks_off_is_found_out() -> None:
    data = flac_of_length(encoded(tone(seconds=3)), 0)
    with pytest.raises(UnusableError, match="truncated"):
        decode(data[: len(data) // 2], "a")


@pytest.mark.parametrize("length", [0, 8000])
def test_a_flac_file_without_frames_is_refused(length: int) -> None:
    with pytest.raises(UnusableError, match=r"no samples|truncated"):
        decode(flac_of_length(encoded(tone()), length)[:86], "a")


def test_a_flac_file_that_claims_weeks_is_refused_by_the_header() -> None:
    with pytest.raises(UnusableError, match="its header says 68719476735 samples in 1 channel"):
        decode(flac_of_length(encoded(tone()), 2**36 - 1), "a")


@pytest.mark.parametrize("field", ["sample_count -i 8000", "channel_count -i 1", "sample_n_bytes -i 2"])
@pytest.mark.parametrize("count", ["-9", "0"])
def test_a_sphere_file_of_no_size_is_refused(field: str, count: str) -> None:
    name = field.split()[0]
    data = encoded(tone(), **CONTAINERS["sphere"])
    assert field.encode() in data
    damaged = data.replace(field.encode(), f"{name} -i {count}".encode().ljust(len(field)))
    with pytest.raises(UnusableError, match=rf"damaged: its header says {name} {count}"):
        decode(damaged, "a")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 9999.0, -1e38])
def test_a_sample_that_is_no_number_is_refused(value: float) -> None:
    audio = tone()
    audio[100] = value
    with pytest.raises(UnusableError, match="NaN, infinite or far beyond full scale"):
        decode(encoded(audio, format="WAV", subtype="FLOAT"), "a")


def test_an_ogg_file_damaged_in_the_middle_is_found_out() -> None:
    data = encoded(tone(seconds=3), **CONTAINERS["opus"])
    pages = [place for place in range(len(data)) if data[place : place + 4] == b"OggS"]
    assert len(pages) > 4
    for damaged, reason in (
        (with_bytes(data, len(data) // 2, bytes(40)), r"damaged: (wrong checksum of|no) Ogg page"),
        (data[: pages[3]] + data[pages[4] :], "damaged: Ogg page 3 is missing"),
        (data[: pages[3]] + data[pages[2] :], "damaged: Ogg page 3 is missing"),
        (data + bytes(40), "damaged: 40 bytes after the last Ogg page"),
    ):
        with pytest.raises(UnusableError, match=reason):
            decode(damaged, "a")


@pytest.mark.parametrize("container", CONTAINERS)
@settings(max_examples=40)
@given(changes=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4), kept=st.integers(0, 9000))
def test_any_damage_ends_in_a_reason_or_in_samples(container: str, changes: list[tuple[int, int]], kept: int) -> None:
    data = bytearray(encoded(tone(seconds=0.2), **CONTAINERS[container]))
    for place, value in changes:
        data[place % len(data)] = value
    with suppress(UnusableError, UserError):
        assert decode(bytes(data[:kept]), "a", resample=True).dtype == np.int16
