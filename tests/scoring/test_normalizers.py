"""Normalisation before scoring: the published normaliser, and texts of which nothing is left."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmark.scoring.normalizers import normalised, normalizer
from benchmark.scoring.wer import word_errors
from benchmark.system.errors import UserError

PUBLISHED = {  # from the tests of Whisper's authors
    "Let's": "let us",
    "he's like": "he is like",
    "she's been like": "she has been like",
    "10km": "10 km",
    "RC232": "rc 232",
    "Mr. Park visited Assoc. Prof. Kim Jr.": "mister park visited associate professor kim junior",
    "thirty one": "31",
    "nineteen ninety nine": "1999",
    "two point five million": "2500000",
    "200 thousand dollars": "$200000",
    "two double o eight": "2008",
    "mobilisation": "mobilization",
}


@pytest.mark.parametrize(("text", "expected"), PUBLISHED.items())
def test_it_is_the_normaliser_of_whisper_s_authors(text: str, expected: str) -> None:
    assert normalizer("whisper-english")(text) == expected


def test_hesitations_and_punctuation_go_and_spaces_are_single() -> None:
    assert normalizer("whisper-english")("  Hmm, well --  um,\tyes. ") == "well yes"


@pytest.mark.parametrize("text", ["Let's,  go", " um ", ""])
def test_none_changes_nothing(text: str) -> None:
    assert normalised({"a-1": text}, "none") == {"a-1": text}


def counted(references: dict[str, str], hypotheses: dict[str, str]) -> tuple[int, int, int]:
    """Substitutions, deletions and insertions after normalisation."""
    counts = word_errors(normalised(references, "whisper-english"), normalised(hypotheses, "whisper-english"))
    return counts.substitutions, counts.deletions, counts.insertions


def test_an_utterance_of_which_nothing_is_left_gives_only_insertions_or_deletions() -> None:
    assert counted({"a": "Um.", "b": "two words"}, {"a": "two more", "b": "2 words"}) == (0, 0, 2)
    assert counted({"a": "Um.", "b": "two words"}, {"a": "uh", "b": "hmm?"}) == (0, 2, 0)


def test_references_of_which_nothing_is_left_are_one_line() -> None:
    with pytest.raises(UserError, match="the reference contains no words, so there is no word error rate") as refused:
        counted({"a": "Um.", "b": "hmm"}, {"a": "yes", "b": "no"})
    assert "\n" not in str(refused.value)


def test_scoring_still_needs_no_torch() -> None:
    code = (
        "import sys; from benchmark.scoring.normalizers import normalizer; normalizer('whisper-english')('Mr. A'); "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
