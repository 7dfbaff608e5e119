"""The matched-pairs test: closed forms, symmetry, cases in which no test is possible."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from random_texts import corpora
from scipy.stats import norm
from sctk_walk import segments

from benchmark.scoring.alignment import align
from benchmark.scoring.mapsswe import matched_pairs
from benchmark.scoring.segments import PlacedErrors, placed_errors, segment_differences

Corpus = list[tuple[list[str], list[str], list[str]]]  # reference, system A, system B


def paths(corpus: Corpus) -> list[tuple[str, str]]:
    return [(align(reference, a), align(reference, b)) for reference, a, b in corpus]


def placed(corpus: Corpus) -> list[PlacedErrors]:
    return [placed_errors(column) for column in zip(*paths(corpus), strict=True)]


def test_closed_form() -> None:
    test = matched_pairs([1, 0, 2, -1, 1])
    assert test.segments == 5
    assert test.mean == 0.6
    assert test.std == pytest.approx(1.3**0.5)
    assert test.z == pytest.approx(1.176697, abs=1e-6)
    assert test.p == pytest.approx(0.239317, abs=1e-6)
    assert test.better is None


def test_p_is_the_two_tailed_normal_also_far_out() -> None:
    test = matched_pairs([3, 2, -1] * 60)
    assert test.p == pytest.approx(2 * norm.sf(test.z), rel=1e-10)
    assert test.p > 0
    assert test.p_sctk_table == pytest.approx(2e-7)  # the table's last entry


def test_table_is_entered_at_z_rounded_down() -> None:
    test = matched_pairs([1, 0, 2, -1, 1])  # Z = 1.1767; the table has 0.8789995 at 1.17
    assert test.p_sctk_table == pytest.approx(2 * (1 - 0.8789995), abs=1e-12)
    assert test.p < test.p_sctk_table


def test_significance_begins_above_1_960() -> None:
    below, above = [1] * 58 + [-1] * 39, [1] * 26 + [-1] * 14
    assert 1.957 < matched_pairs(below).z < 1.960
    assert matched_pairs(below).better is None
    assert 1.960 < matched_pairs(above).z < 1.964
    assert matched_pairs(above).better == "B"
    assert matched_pairs([-difference for difference in above]).better == "A"


@pytest.mark.parametrize(
    ("differences", "reason"),
    [
        ([], "neither system makes an error"),
        ([3], "only one segment"),
        ([1, 1, 1, 1], r"the difference is \+1 errors in each of the 4 segments"),
        ([-2, -2], "the difference is -2 errors in each of the 2 segments"),
        ([0, 0, 0], "both systems make equally many errors in each of the 3 segments"),
    ],
)
def test_no_test_is_possible(differences: list[int], reason: str) -> None:
    test = matched_pairs(differences)
    assert test.degenerate is not None
    assert re.match(reason, test.degenerate)
    assert test.better is None
    assert (test.z, test.p) == (0, 1)


@given(corpora)
def test_swapping_the_systems_changes_only_the_sign(corpus: Corpus) -> None:
    a, b = placed(corpus)
    ahead, back = matched_pairs(segment_differences(a, b)), matched_pairs(segment_differences(b, a))
    assert (ahead.mean, ahead.std, ahead.z) == (-back.mean, back.std, -back.z)
    assert (ahead.segments, ahead.p, ahead.p_sctk_table) == (back.segments, back.p, back.p_sctk_table)


@given(corpora)
def test_the_segments_of_a_test_set_are_those_of_the_walk_through_each_utterance(corpus: Corpus) -> None:
    found = segment_differences(*placed(corpus))
    assert list(found) == [s.errors_a - s.errors_b for a, b in paths(corpus) for s in segments(a, b)]


@given(corpora)
def test_the_walk_meets_every_error_once(corpus: Corpus) -> None:
    for pair in paths(corpus):
        found = segments(*pair)
        for errors, path in zip(([s.errors_a for s in found], [s.errors_b for s in found]), pair, strict=True):
            assert sum(errors) == len(path) - path.count("C")
