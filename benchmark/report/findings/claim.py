"""What every claim of a paper has in common, however it is judged."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class PaperClaim:
    """A claim in a paper's abstract.

    Attributes:
        paper: authors and year, with the number on arXiv.
        says: the claim, in our words.
        label: the rows that it is about.
        limits: what the comparison cannot show.
    """

    paper: str
    says: str
    label: str
    limits: str
