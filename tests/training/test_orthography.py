"""Labels in a model's orthography keep the words of the corpus."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.scoring.normalizers import normalizer
from benchmark.training.orthography import as_heard, spelling

PLAIN = spelling(normalizer("none"))
WORDS = st.lists(st.sampled_from(["a", "b", "it's", "ten"]), max_size=8).map(" ".join)


@pytest.mark.parametrize(
    ("reference", "heard", "label"),
    [
        ("it was roast beef", "It was rose beef.", "It was roast beef."),
        ("nor is his manner", "Nor his manner", "Nor is his manner"),
        ("he said no", 'He said, "Oh, no!"', 'He said, no!"'),
        ("", "Thank you.", ""),
        ("silence", "", "silence"),
    ],
)
def test_words_that_were_heard_are_written_as_heard(reference: str, heard: str, label: str) -> None:
    assert as_heard(reference, heard, PLAIN) == label


def test_words_are_the_same_if_their_normal_forms_are() -> None:
    whisper = spelling(normalizer("whisper-english"))
    assert as_heard("mister smith has twenty", "Mr. Smith has 20.", whisper) == "Mr. Smith has 20."
    assert as_heard("mister smith has twenty", "Mr. Smith has 20.", PLAIN) == "mister Smith has twenty"


@given(WORDS, WORDS)
def test_no_word_is_added_lost_or_changed(reference: str, heard: str) -> None:
    label = as_heard(reference, heard.title(), PLAIN)
    assert [PLAIN(word) for word in label.split()] == [PLAIN(word) for word in reference.split()]
