"""Clean speech as heard in rooms: reverberation, background noise, and telephone band for three in ten.

    python data/recipe/rooms.py --audio DIR

Makes all of test-other and a part of train. Reads `DIR/<split>`, and the training speech for babble; writes
`DIR/in-rooms/<split>`. Needs `pip install soundfile scipy`. All is fixed by the utterance's seed; what is there is not
made again.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import plan
from corpus_audio import SAMPLE_RATE, read_flac, write_flac
from scipy.signal import butter, fftconvolve, sosfilt

ROOMS = "in-rooms"
REVERBERATION_SECONDS = (0.2, 0.6)  # RT60: time for the sound to fall by 60 dB
DIRECT_TO_REVERBERANT_DB = (0.0, 8.0)
SIGNAL_TO_NOISE_DB = (5.0, 20.0)
TELEPHONE_BAND_HZ = (300, 3400)
TELEPHONE_SHARE = 0.3
BABBLE_SHARE = 0.5
BABBLE_TALKERS = (4, 9)


def room_impulse_response(rng: np.random.Generator) -> np.ndarray:
    """The direct sound, then noise that decays exponentially from 3 ms on (Polack's model of a room)."""
    reverberation = rng.uniform(*REVERBERATION_SECONDS)
    time = np.arange(int(reverberation * SAMPLE_RATE)) / SAMPLE_RATE
    tail = rng.normal(size=time.size) * 10 ** (-3 * time / reverberation) * (time > 0.003)
    ratio = 10 ** (rng.uniform(*DIRECT_TO_REVERBERANT_DB) / 10)
    response = tail / np.sqrt(ratio * np.sum(tail**2))
    response[0] = 1.0
    return response


def coloured_noise(samples: int, rng: np.random.Generator) -> np.ndarray:
    """Noise whose power falls with frequency to the power of 0 (white) to 2 (brown)."""
    spectrum = np.fft.rfft(rng.normal(size=samples))
    frequency = np.maximum(np.fft.rfftfreq(samples, 1 / SAMPLE_RATE), 50)
    return np.fft.irfft(spectrum * frequency ** (-rng.uniform(0, 2) / 2), samples)


def babble(samples: int, talkers: list[np.ndarray]) -> np.ndarray:
    """The talkers at once, each repeated until the end."""
    return np.sum([np.resize(talker, samples) for talker in talkers], axis=0)


def telephone(audio: np.ndarray) -> np.ndarray:
    """Only what a telephone lets through."""
    return np.asarray(sosfilt(butter(4, TELEPHONE_BAND_HZ, "bandpass", fs=SAMPLE_RATE, output="sos"), audio))


def degrade(audio: np.ndarray, seed: int, crowd: list[Path]) -> np.ndarray:
    """The utterance heard in a room at the level it had; `crowd` are the files that babble is made of."""
    rng = np.random.default_rng([seed, 2])
    level = np.sqrt(np.mean(audio**2))
    heard = fftconvolve(audio, room_impulse_response(rng))[: len(audio)]
    if rng.random() < BABBLE_SHARE:
        talkers = rng.choice(len(crowd), rng.integers(*BABBLE_TALKERS), replace=False)
        noise = babble(len(audio), [read_flac(crowd[i]) for i in talkers])
    else:
        noise = coloured_noise(len(audio), rng)
    ratio = 10 ** (rng.uniform(*SIGNAL_TO_NOISE_DB) / 10)
    heard = heard + noise * np.sqrt(np.mean(heard**2) / (ratio * np.mean(noise**2)))
    if rng.random() < TELEPHONE_SHARE:
        heard = telephone(heard)
    return np.clip(heard * (level / np.sqrt(np.mean(heard**2))), -0.99, 0.99).astype(np.float32)


def main() -> None:
    """Degrade what is planned to be heard in a room."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--audio", type=Path, required=True)
    args = parser.parse_args()
    utterances = plan.plan()
    spoken = [u for u in utterances if u.split == "train" and u.speaker in plan.TRAIN_VOICES and not u.room]
    crowd = [args.audio / "train" / f"{u.id}.flac" for u in spoken]
    degraded = [u for u in utterances if u.room]
    for utterance in degraded:
        target = args.audio / ROOMS / utterance.split / f"{utterance.id}.flac"
        if not target.exists():
            clean = read_flac(args.audio / utterance.split / f"{utterance.recording}.flac")
            write_flac(target, degrade(clean, utterance.seed, crowd))
    print(f"{len(degraded)} utterances in {args.audio / ROOMS}")


if __name__ == "__main__":
    main()
