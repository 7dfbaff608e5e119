"""The segments of MAPSSWE: parts of a test set with errors of either system, cut where both have two words right.

NIST SCTK walks along both systems' alignments word by word, as `tests/scoring/sctk_walk.py` does. Here all segments of
two systems are found at once, so that a table of a hundred systems takes seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BUFFER = 2  # words between two segments that both systems get right


@dataclass(frozen=True)
class PlacedErrors:
    """A system's errors by place. A place is a reference word with the words inserted before it; the last has no word.

    Attributes:
        errors: number of errors in each place, (places,).
        right: whether the place's word is right, (places,).
    """

    errors: NDArray[np.int64]
    right: NDArray[np.bool_]


def placed_errors(paths: Iterable[str]) -> PlacedErrors:
    """The errors of a whole test set, given the edit string of every utterance (`alignment.align`).

    BUFFER right words stand between utterances, so that no segment goes from one to the next.
    """
    edits = np.frombuffer(("C" * BUFFER).join(paths).encode("ascii"), dtype=np.uint8)
    inserted, right = edits == ord("I"), edits == ord("C")
    places = np.cumsum(~inserted) - ~inserted  # reference words before each edit
    errors = np.bincount(places[~right], minlength=int((~inserted).sum()) + 1)
    return PlacedErrors(errors, np.append(right[~inserted], False))


def segment_differences(a: PlacedErrors, b: PlacedErrors) -> NDArray[np.int64]:
    """Errors of A minus errors of B in each segment, (segments,); both have the same reference.

    A segment ends with the BUFFER-th consecutive word that both get right. The right words with which it begins hold no
    errors, so they do not matter here.
    """
    (wrong,) = np.nonzero(a.errors + b.errors)
    if not len(wrong):
        return np.zeros(0, dtype=np.int64)
    right = a.right & b.right  # also in a wrong place, if the only errors are insertions before its word
    words_between = np.diff(wrong) - 1 + right[wrong[:-1]]
    starts = np.append(0, np.flatnonzero(words_between >= BUFFER) + 1)
    differences: NDArray[np.int64] = np.add.reduceat((a.errors - b.errors)[wrong], starts)
    return differences
