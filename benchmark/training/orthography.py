"""Labels as a model writes: the words of the corpus, with the capitals and punctuation of the model's transcripts."""

from __future__ import annotations

from collections.abc import Callable

from benchmark.scoring.alignment import align


def as_heard(reference: str, heard: str, same: Callable[[str], str]) -> str:
    """The reference, in which every word that the transcript has too is written as there.

    Args:
        reference: what was said.
        heard: a transcript of the same speech.
        same: gives two words the same text if they differ only in how they are written, such as "Mr." and "mister".
    """
    words, others = reference.split(), heard.split()
    written: list[str] = []
    position = 0
    for edit in align([same(word) for word in words], [same(word) for word in others]):
        if edit != "I":
            written.append(others[position] if edit == "C" else words[len(written)])
        position += edit != "D"
    return " ".join(written)


def spelling(normalise: Callable[[str], str]) -> Callable[[str], str]:
    """A word's normalised letters and digits; if there are none, the word itself, which only itself equals then."""

    def same(word: str) -> str:
        return "".join(c for c in normalise(word.lower()) if c.isalnum()) or word

    return same
