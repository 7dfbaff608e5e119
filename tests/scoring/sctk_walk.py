"""The segments of MAPSSWE as SCTK finds them: a walk along both alignments, utterance by utterance and word by word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from benchmark.scoring.segments import BUFFER


class Segment(NamedTuple):
    """A part of an utterance with errors of either system: inclusive bounds in each edit string, and error counts."""

    first_a: int
    last_a: int
    first_b: int
    last_b: int
    errors_a: int
    errors_b: int


def segments(path_a: str, path_b: str) -> list[Segment]:
    """Cut an utterance into segments, given both systems' edit strings (`alignment.align`)."""
    if path_a == path_b and path_a.count("C") == len(path_a):
        return []
    found = []
    for first_a, last_a, first_b, last_b in _bounds(path_a, path_b):
        errors_a = last_a + 1 - first_a - path_a.count("C", first_a, last_a + 1)
        errors_b = last_b + 1 - first_b - path_b.count("C", first_b, last_b + 1)
        if errors_a or errors_b:
            found.append(Segment(first_a, last_a, first_b, last_b, errors_a, errors_b))
    return found


def _bounds(a: str, b: str) -> Iterator[tuple[int, int, int, int]]:
    """Walk both edit strings side by side, reference word by reference word, as SCTK does.

    A segment begins at the second last word before its first error (at the first word if there are fewer). It ends
    with the BUFFER-th consecutive word that both systems get right, or with the utterance.
    """
    i = j = 0
    good_i = good_j = 0  # the last word before the segment that both get right
    right = BUFFER  # consecutive words that both get right; inside a segment this is below BUFFER
    while i < len(a):
        if right == BUFFER:  # outside a segment: jump to the next error of either system
            run = min(len(a) - len(a[i:].lstrip("C")) - i, len(b) - len(b[j:].lstrip("C")) - j)
            if run:
                i, j = i + run, j + run
                good_i, good_j = i - 1, j - 1
                continue
        skipped = False
        while i < len(a) and a[i] == "I":
            i, skipped = i + 1, True
        while j < len(b) and b[j] == "I":
            j, skipped = j + 1, True
        if skipped:
            right = 0
        if i < len(a) and j < len(b) and a[i] == "C" == b[j]:
            right += 1
            if right == BUFFER:
                yield max(good_i - 1, 0), i, max(good_j - 1, 0), j
                good_i, good_j = i, j
        else:
            right = 0
        i += i < len(a)
        j += j < len(b)
    if right < BUFFER or j < len(b):
        yield max(good_i - 1, 0), len(a) - 1, max(good_j - 1, 0), len(b) - 1
