"""A hypothesis as the edits that make it of its reference, which is short enough to embed every run's in the page."""

from __future__ import annotations

from benchmark.scoring.alignment import align
from benchmark.scoring.wer import words


def word_edits(reference: str, hypothesis: str) -> str:
    """The edits of sclite's alignment in order, such as `2=word 3- 5+word`; empty if all words are correct.

    Each starts with a position among the reference's words: that of the word that is replaced (`=`) or missing (`-`),
    or that of the word before which one is inserted (`+`). Case is ignored for comparing and kept for showing.
    """
    heard = iter(hypothesis.split())
    position, edits = 0, []
    for edit in align(words(reference), words(hypothesis)):
        word = "" if edit == "D" else next(heard)
        if edit != "C":
            edits.append(f"{position}{'=-+'['SDI'.index(edit)]}{word}")
        position += edit != "I"
    return " ".join(edits)
