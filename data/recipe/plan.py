"""Who says what in the embedded corpus: the list of utterances of every split, fixed by seeds."""

from __future__ import annotations

import random
import re
import zlib
from dataclasses import dataclass, replace

import grammar

TEST_VOICES = ["af_nova", "af_sarah", "am_echo", "am_liam", "bf_lily", "bm_fable"]
DEV_VOICES = ["af_river", "am_eric"]
TRAIN_VOICES = [
    "af_alloy", "af_aoede", "af_bella", "af_heart", "af_jessica", "af_kore", "af_nicole", "af_sky", "am_adam",
    "am_fenrir", "am_michael", "am_onyx", "am_puck", "am_santa", "bf_alice", "bf_emma", "bf_isabella", "bm_daniel",
    "bm_george", "bm_lewis",
]  # fmt: skip
BLENDED_VOICES = [f"blend{i:03}" for i in range(300)]  # each between two training voices: see `mixture`
SPLITS = ["train", "dev", "test-clean", "test-other"]
ROOM_SUFFIX = "-room"


@dataclass(frozen=True)
class Utterance:
    """One utterance. `speed` is the rate relative to the voice's own; `seed` fixes level, silences and, with `room`,
    the room that it is heard in.
    """

    id: str
    split: str
    speaker: str
    text: str
    speed: float
    seed: int
    room: bool = False

    @property
    def recording(self) -> str:
        """Name of the recording: a training utterance in a room is made from the one of the same number."""
        return self.id.removesuffix(ROOM_SUFFIX)

    @property
    def spoken(self) -> str:
        """The text as the synthesiser must read it: a letter "a" next to other letters is not the article."""
        return re.sub(r"\ba(?= [a-z]\b)|(?<=\b[a-z] )a\b", "eigh", self.text)


def mixture(speaker: str) -> dict[str, float]:
    """The Kokoro voices that a speaker is made of, the heaviest first, with weights that add up to one."""
    if speaker not in BLENDED_VOICES:
        return {speaker: 1.0}
    rng = random.Random(speaker)
    first, second = rng.sample(TRAIN_VOICES, 2)
    weight = round(rng.uniform(0.5, 0.8), 2)
    return {first: weight, second: 1 - weight}


def _utterances(split: str, count: int, voices: list[str], seed: int, taken: set[str]) -> list[Utterance]:
    rng = random.Random(seed)
    texts = grammar.distinct_sentences(count, seed, taken)
    utterances = []
    for i, text in enumerate(texts):
        voice = voices[i % len(voices)]
        speaker = voice.replace("_", "")
        utterances.append(
            Utterance(
                id=f"{speaker}-{split}-{i:04d}",
                split=split,
                speaker=voice,
                text=text,
                speed=round(rng.uniform(0.9, 1.2), 2),
                seed=zlib.crc32(f"{split}-{speaker}-{i:04d}".encode()),
            )
        )
    return utterances


def _in_room(utterances: list[Utterance]) -> list[Utterance]:
    """The same utterances, heard in rooms: other ids and other seeds."""
    ids = [u.id + ROOM_SUFFIX for u in utterances]
    return [replace(u, id=id, seed=zlib.crc32(id.encode()), room=True) for u, id in zip(utterances, ids, strict=True)]


def plan() -> list[Utterance]:
    """All utterances, the test sets drawn first so that no later change of the training part moves them.

    Half of the sentences that Kokoro's own voices speak for training are also heard in rooms; of those that blended
    voices speak a third is heard in rooms only.
    """
    taken: set[str] = set()
    clean = _utterances("test-clean", 600, TEST_VOICES, 11, taken)
    other = [replace(u, room=True) for u in _utterances("test-other", 600, TEST_VOICES, 12, taken)]
    dev = _utterances("dev", 120, DEV_VOICES, 13, taken)
    train = _utterances("train", 1000, TRAIN_VOICES, 14, taken)
    blended = _utterances("train", 1500, BLENDED_VOICES, 15, taken)
    train += _in_room(train[::2])
    return [*dev, *train, *clean, *other, *blended[:1000], *_in_room(blended[1000:])]


def recordings() -> list[Utterance]:
    """What has to be spoken: one utterance a recording, the clean one where there are two."""
    spoken: dict[str, Utterance] = {}
    for utterance in plan():
        spoken.setdefault(utterance.recording, utterance)
    return list(spoken.values())
