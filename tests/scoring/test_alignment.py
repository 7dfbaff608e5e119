"""The sclite alignment against closed forms and two independent aligners."""

from __future__ import annotations

from functools import cache

import kaldialign
import pytest
from hypothesis import given
from random_texts import sentences

from benchmark.scoring.alignment import align

COSTS = {"C": 0, "S": 4, "D": 3, "I": 3}


@pytest.mark.parametrize(
    ("reference", "hypothesis", "path"),
    [
        ("", "", ""),
        ("", "a b", "II"),
        ("a b", "", "DD"),
        ("a b c", "a b c", "CCC"),
        ("a b c", "a x c", "CSC"),
        ("a a", "a", "DC"),  # traced back from the end: the last word is the one that matches
        ("a", "a a", "IC"),
        ("a x", "a a y", "ICS"),
        ("a b", "b c", "DCI"),  # 6 against 8 for two substitutions, where unit costs tie
    ],
)
def test_known_alignments(reference: str, hypothesis: str, path: str) -> None:
    assert align(reference.split(), hypothesis.split()) == path


@given(sentences, sentences)
def test_path_leads_through_both_texts_at_the_least_cost(reference: list[str], hypothesis: list[str]) -> None:
    path = align(reference, hypothesis)
    assert len(path) - path.count("I") == len(reference)
    assert len(path) - path.count("D") == len(hypothesis)
    i = j = 0
    for edit in path:
        if edit in "CS":
            assert (reference[i] == hypothesis[j]) == (edit == "C")
        i += edit != "I"
        j += edit != "D"
    assert sum(COSTS[edit] for edit in path) == least_cost(tuple(reference), tuple(hypothesis))


@given(sentences, sentences)
def test_cost_equals_kaldialign(reference: list[str], hypothesis: list[str]) -> None:
    found = kaldialign.edit_distance(reference, hypothesis, sclite_mode=True)
    cost = 3 * (found["ins"] + found["del"]) + 4 * found["sub"]
    assert sum(COSTS[edit] for edit in align(reference, hypothesis)) == cost


@cache
def least_cost(reference: tuple[str, ...], hypothesis: tuple[str, ...]) -> int:
    """Edit distance by its definition, from the front."""
    if not reference or not hypothesis:
        return 3 * (len(reference) + len(hypothesis))
    replace = 0 if reference[0] == hypothesis[0] else 4
    return min(
        least_cost(reference[1:], hypothesis[1:]) + replace,
        least_cost(reference[1:], hypothesis) + 3,
        least_cost(reference, hypothesis[1:]) + 3,
    )
