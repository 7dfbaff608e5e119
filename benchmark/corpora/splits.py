"""No training on what is tested: splits that share an utterance are refused. Only test sets may overlap each other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from benchmark.corpora.recording import Recording
from benchmark.system.errors import UserError


class Overlaps:
    """Refuses what comes in two splits, by id and by audio, as a part and the whole of a test set may.

    Args:
        tests: the test sets, without a development set that is reported beside them.
    """

    def __init__(self, tests: set[str]) -> None:
        self._tests = tests
        self._ids: dict[str, list[str]] = {}
        self._audio: dict[bytes, dict[str, str]] = {}  # the first id in each split that has this audio

    def once(self, recordings: Iterable[Recording], split: str) -> Iterable[Recording]:
        """Pass on the recordings of a split.

        Raises:
            UserError: an id comes twice.
        """
        for recording in recordings:
            for other in self._ids.setdefault(recording.id, []):
                if other == split or not self._may_share(other, split):
                    where = split if other == split else f"{other} and {split}"
                    raise UserError(f"utterance {recording.id} comes twice in {where} ({recording.source})")
            self._ids[recording.id].append(split)
            yield recording

    def heard(self, recording: Recording, split: str, samples: np.ndarray) -> None:
        """Note the audio of a recording, int16 (samples,).

        Raises:
            UserError: another split has the same under whatever id.
        """
        same = self._audio.setdefault(hashlib.sha256(samples.tobytes()).digest(), {})
        for other, id in same.items():
            if other != split and not self._may_share(other, split):
                raise UserError(
                    f"utterances {id} of {other} and {recording.id} of {split} are the same audio "
                    f"({recording.source}): take one of them out"
                )
        same.setdefault(split, recording.id)

    def _may_share(self, one: str, other: str) -> bool:
        return {one, other} <= self._tests
