"""Add training volume with the small hibari voice: one 16 kHz FLAC file an utterance, about 50 times real time a core.

    python data/recipe/synthesise_volume.py --out DIR

Needs `pip install hibari-tts==0.2.1 soundfile scipy`. The package brings one voice, distilled from Kokoro's af_heart,
which is a training voice too. Each utterance is moved in pitch and formants, as if a smaller or a larger person spoke.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import plan
from corpus_audio import to_corpus_audio, write_flac
from hibari import SAMPLE_RATE, Hibari
from scipy.signal import resample_poly

PITCH_STEPS = 20  # pitch is moved by a ratio of whole numbers: 16/20 to 22/20


def speak(voice: Hibari, utterance: plan.Utterance) -> np.ndarray:
    """The utterance at 24 kHz and at its speed, pitch and formants times a ratio that its seed fixes."""
    steps = int(np.random.default_rng([utterance.seed, 1]).integers(16, 23))
    audio = voice(utterance.spoken, speed=utterance.speed * PITCH_STEPS / steps, seed=utterance.seed)
    return resample_poly(audio, PITCH_STEPS, steps)


def main() -> None:
    """Synthesise what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    voice = Hibari(threads=1)
    todo = plan.recordings([plan.HIBARI_VOICE])
    for utterance in todo:
        target = args.out / utterance.split / f"{utterance.recording}.flac"
        if not target.exists():
            write_flac(target, to_corpus_audio(speak(voice, utterance), SAMPLE_RATE, utterance.seed))
    print(f"{len(todo)} utterances of {plan.HIBARI_VOICE} in {args.out}")


if __name__ == "__main__":
    main()
