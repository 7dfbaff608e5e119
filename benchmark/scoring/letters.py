"""Compact letter display: systems that share a letter are not significantly different.

Source: Piepho, "An algorithm for a letter-based representation of all-pairwise comparisons", Journal of Computational
and Graphical Statistics 2004 (insert and absorb).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from string import ascii_lowercase

Group = frozenset[int]


def compact_letters(names_in_order: Sequence[str], different: Callable[[str, str], bool]) -> dict[str, list[str]]:
    """Letters of each name, such that two names share a letter if and only if they are not different.

    Letters are given in the order of the names: the first name has an `a`. The letters after `z` are `aa`, `ab` and so
    on.

    Args:
        names_in_order: the names, the best first.
        different: whether two of them differ; it is called once for each pair, with the earlier name first.
    """
    groups = [frozenset(range(len(names_in_order)))]
    for i, j in combinations(range(len(names_in_order)), 2):
        if different(names_in_order[i], names_in_order[j]):
            groups = _absorb(_insert(groups, i, j))
    letters = dict(zip(sorted(groups, key=sorted), map(_letter, range(len(groups))), strict=True))
    return {name: [letter for group, letter in letters.items() if i in group] for i, name in enumerate(names_in_order)}


def _insert(groups: list[Group], i: int, j: int) -> list[Group]:
    """Split every group that holds both i and j into one without i and one without j."""
    split = []
    for group in groups:
        split += [group - {j}, group - {i}] if {i, j} <= group else [group]
    return split


def _absorb(groups: list[Group]) -> list[Group]:
    """Leave out groups that lie within another."""
    unique = list(dict.fromkeys(groups))
    return [group for group in unique if not any(group < other for other in unique)]


def _letter(number: int) -> str:
    """Name of a group: a, ..., z, aa, ab, ..., as the columns of a spreadsheet."""
    rest, last = divmod(number, len(ascii_lowercase))
    return (_letter(rest - 1) if rest else "") + ascii_lowercase[last]
