"""Word error counts, against closed forms and kaldialign."""

from __future__ import annotations

import jiwer
import kaldialign
import pytest
from hypothesis import assume, given
from random_texts import corpora

from benchmark.scoring.wer import word_errors
from benchmark.system.errors import UserError


def test_counts_of_each_kind() -> None:
    references = {"a-1": "one two three", "a-2": "four", "b-1": "five six", "b-2": ""}
    hypotheses = {"b-2": "well", "b-1": "", "a-2": "four four", "a-1": "ONE too three"}
    counts = word_errors(references, hypotheses)
    assert (counts.utterances, counts.words) == (4, 6)
    assert (counts.substitutions, counts.deletions, counts.insertions) == (1, 2, 2)
    assert counts.errors == 5
    assert counts.wer == 5 / 6


def test_rate_is_of_the_corpus_and_may_exceed_one() -> None:
    counts = word_errors({"a": "one", "b": "one two three"}, {"a": "x y z", "b": "one two three"})
    assert counts.wer == 3 / 4  # not the mean of 3 and 0
    assert word_errors({"a": "one"}, {"a": "x y z"}).wer == 3


def test_two_details_differ_from_sclite() -> None:
    """Case is folded for all letters, not only ASCII ones, and `@` is a word like any other."""
    assert word_errors({"a": "École Übung"}, {"a": "école ÜBUNG"}).errors == 0
    counts = word_errors({"a": "one @ two"}, {"a": "one two @"})
    assert (counts.words, counts.deletions, counts.insertions) == (3, 1, 1)


@given(corpora)
def test_errors_equal_jiwer_and_kaldialign(corpus: list[tuple[list[str], ...]]) -> None:
    assume(any(reference for reference, _, _ in corpus))
    references = {str(i): " ".join(reference) for i, (reference, _, _) in enumerate(corpus)}
    hypotheses = {str(i): " ".join(hypothesis) for i, (_, hypothesis, _) in enumerate(corpus)}
    counts = word_errors(references, hypotheses)
    expected = jiwer.process_words(list(references.values()), list(hypotheses.values()))
    assert counts.substitutions == expected.substitutions
    assert counts.deletions == expected.deletions
    assert counts.insertions == expected.insertions
    assert counts.wer == pytest.approx(expected.wer)
    assert counts.errors == sum(kaldialign.edit_distance(r, h)["total"] for r, h, _ in corpus)


def test_reference_without_a_word_is_refused() -> None:
    with pytest.raises(UserError, match="no word"):
        word_errors({"a": " "}, {"a": "one"})


def test_other_utterances_are_refused() -> None:
    references = {f"s-{i}": "one" for i in range(5)}
    with pytest.raises(UserError, match=r"base\.trn .*missing 4 \(s-1, s-2, s-3, \.\.\.\); not in .* 1 \(t-0\)"):
        word_errors(references, {"s-0": "one", "t-0": "one"}, "base.trn")
