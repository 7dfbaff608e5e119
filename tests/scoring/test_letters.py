"""The compact letter display."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from benchmark.scoring.letters import compact_letters


def test_systems_between_two_groups_have_both_letters() -> None:
    apart = {("best", "worst"), ("best", "bad"), ("good", "worst")}
    found = compact_letters(["best", "good", "bad", "worst"], lambda a, b: (a, b) in apart)
    assert found == {"best": ["a"], "good": ["a", "b"], "bad": ["b", "c"], "worst": ["c"]}


def test_extremes() -> None:
    assert compact_letters("xyz", lambda a, b: False) == {"x": ["a"], "y": ["a"], "z": ["a"]}
    assert compact_letters("xyz", lambda a, b: True) == {"x": ["a"], "y": ["b"], "z": ["c"]}
    assert compact_letters([], lambda a, b: True) == {}


def test_after_z_comes_aa() -> None:
    names = [str(number) for number in range(28)]
    assert list(compact_letters(names, lambda a, b: True).values())[24:] == [["y"], ["z"], ["aa"], ["ab"]]


@given(st.integers(0, 8).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.sampled_from(pairs_of(n))))))
def test_names_share_a_letter_if_and_only_if_they_are_not_different(case: tuple[int, set[tuple[str, str]]]) -> None:
    n, apart = case
    found = compact_letters([str(i) for i in range(n)], lambda a, b: (a, b) in apart)
    for a, b in pairs_of(n):
        if a != b:
            assert bool(set(found[a]) & set(found[b])) == ((a, b) not in apart)
    assert all(found.values())
    assert n == 0 or found["0"][0] == "a"


def pairs_of(n: int) -> list[tuple[str, str]]:
    """All pairs of n names; for fewer than two names one pair that does not occur, since there is none to draw."""
    return list(combinations([str(i) for i in range(n)], 2)) or [("0", "0")]
