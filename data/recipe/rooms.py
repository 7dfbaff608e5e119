"""The utterances of the plan that are heard in rooms: all of test-other, a part of train.

    python data/recipe/rooms.py --audio DIR

Reads `DIR/<split>`, and the training speech for babble; writes `DIR/in-rooms/<split>`. Runs in pinchbench's own
environment. The utterance's seed determines everything; existing files are kept.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import plan
from corpus_audio import read_flac, write_flac

from benchmark.pretraining.reverberation import heard_in_a_room

ROOMS = "in-rooms"


def degrade(audio: np.ndarray, seed: int, crowd: list[Path]) -> np.ndarray:
    """The utterance heard in the room of its seed; `crowd` are the files that babble is made of."""
    return np.clip(heard_in_a_room(audio, np.random.default_rng([seed, 2]), crowd, read_flac), -0.99, 0.99)


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
