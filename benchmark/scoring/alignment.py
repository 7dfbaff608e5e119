"""Word alignment, identical to that of NIST SCTK's sclite."""

from __future__ import annotations

from collections.abc import Sequence

GAP, SUBSTITUTION = 3, 4  # costs of a deletion or insertion, and of a substitution; a correct word costs nothing


def align(reference: Sequence[str], hypothesis: Sequence[str]) -> str:
    """Edit string of the sclite alignment: C correct, S substitution, D deletion, I insertion.

    Ties take the diagonal if neither other edit is cheaper, else a deletion if that is strictly cheaper than an
    insertion, else an insertion. The path is traced back from the end. Case counts, so fold it before the call.
    """
    # A common ending always aligns word by word: the diagonal costs nothing there, so it is never worse.
    rows, columns = len(reference), len(hypothesis)
    while rows and columns and reference[rows - 1] == hypothesis[columns - 1]:
        rows, columns = rows - 1, columns - 1
    moves = _moves(reference[:rows], hypothesis[:columns])
    return _trace_back(moves) + "C" * (len(reference) - rows)


def _moves(reference: Sequence[str], hypothesis: Sequence[str]) -> list[list[str]]:
    """Last edit of the best alignment of each pair of prefixes, indexed [reference words][hypothesis words]."""
    above = [GAP * column for column in range(len(hypothesis) + 1)]
    moves = [["I"] * len(above)]
    for row, word in enumerate(reference, start=1):
        cost = GAP * row
        costs, edits = [cost], ["D"]
        corner = above[0]
        for other, up in zip(hypothesis, above[1:], strict=True):
            diagonal, edit = (corner, "C") if word == other else (corner + SUBSTITUTION, "S")
            if diagonal <= up + GAP and diagonal <= cost + GAP:
                cost = diagonal
            elif up < cost:
                cost, edit = up + GAP, "D"
            else:
                cost, edit = cost + GAP, "I"
            costs.append(cost)
            edits.append(edit)
            corner = up
        above = costs
        moves.append(edits)
    return moves


def _trace_back(moves: list[list[str]]) -> str:
    row, column = len(moves) - 1, len(moves[0]) - 1
    path = []
    while row or column:
        edit = moves[row][column]
        path.append(edit)
        row -= edit != "I"
        column -= edit != "D"
    return "".join(reversed(path))
