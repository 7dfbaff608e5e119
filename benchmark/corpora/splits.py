"""Checks that splits share no utterance, so that no model is tested on its training data. Test sets may overlap."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import numpy as np

from benchmark.corpora.recording import Recording
from benchmark.system.errors import UserError


class Overlaps:
    """Refuses an id or audio that two splits share. Test sets may overlap, as a test set and a part of it do.

    Args:
        tests: the test sets, without a development set that is only reported with them.
    """

    def __init__(self, tests: set[str]) -> None:
        self._tests = tests
        self._ids: dict[str, list[str]] = {}
        self._audio: dict[bytes, dict[str, str]] = {}  # the first id with this audio, by split

    def once(self, recordings: Iterable[Recording], split: str) -> Iterable[Recording]:
        """Yield the recordings of a split unchanged, and check their ids.

        Raises:
            UserError: an id occurs twice.
        """
        for recording in recordings:
            for other in self._ids.setdefault(recording.id, []):
                if other == split or not self._may_share(other, split):
                    where = split if other == split else f"{other} and {split}"
                    raise UserError(
                        f"utterance {recording.id} appears twice in {where} ({recording.source}): remove one"
                    )
            self._ids[recording.id].append(split)
            yield recording

    def heard(self, recording: Recording, split: str, samples: np.ndarray) -> None:
        """Note the audio of a recording, int16 (samples,).

        Raises:
            UserError: another split has the same audio, under any id.
        """
        same = self._audio.setdefault(hashlib.sha256(samples.tobytes()).digest(), {})
        for other, id in same.items():
            if other != split and not self._may_share(other, split):
                raise UserError(
                    f"utterances {id} of {other} and {recording.id} of {split} are the same audio "
                    f"({recording.source}): remove one of them"
                )
        same.setdefault(split, recording.id)

    def _may_share(self, one: str, other: str) -> bool:
        return {one, other} <= self._tests
