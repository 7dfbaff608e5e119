"""A prepared corpus for a model with windows of two seconds: neighbours to join, and an utterance to cut."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmark.corpora.manifest import AUDIO, SAMPLE_RATE, Utterance, write_manifest

TRAIN = {  # seconds and text; two chapters of a speaker
    "7-1-0": (0.6, "one"),
    "7-1-1": (0.9, "two"),
    "7-1-2": (0.7, "three"),
    "7-2-0": (1.1, "four"),
    "7-2-1": (0.8, "five"),
}
LONG = "9-1-0"  # three windows
TEST = {LONG: (4.6, "a long one"), "9-1-1": (1.5, "MISTER TWENTY"), "9-1-2": (0.4, "um")}
DEV = {"8-1-0": (1.0, "yes")}


def write_long_speech(folder: Path) -> Path:
    """Write it: noise whose loudness differs from one tenth of a second to the next."""
    rng = np.random.default_rng(0)
    utterances, position = [], 0
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / AUDIO).open("wb") as audio:
        for split, lines in (("train", TRAIN), ("test", TEST), ("dev", DEV)):
            for id, (seconds, text) in lines.items():
                count = round(10 * seconds)
                loudness = np.repeat(rng.uniform(100, 4000, count), SAMPLE_RATE // 10)
                rng.normal(0, loudness).clip(-32768, 32767).astype("<i2").tofile(audio)
                utterances.append(Utterance(id, id.partition("-")[0], split, text, position, len(loudness)))
                position += len(loudness)
    write_manifest(folder, utterances, problems=[], hash="long", splits={})
    return folder
