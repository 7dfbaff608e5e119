"""Bibliographic references of methods. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """A paper, or another source that a method comes from.

    Attributes:
        authors: as cited in a text: `Frankle and Carbin`, `Sun et al.`.
        year: of publication.
        venue: where it was published; empty if it is only on arXiv.
        arxiv: its number on arXiv, such as `2306.11695`.
        note: which part of it is used, or what else a reader must know, such as the release that was followed.
    """

    authors: str
    year: int
    venue: str = ""
    arxiv: str = ""
    note: str = ""

    def __str__(self) -> str:
        """One line, such as `Sun et al., ICLR 2024, arXiv 2306.11695 (release locuslab/wanda)`."""
        published = f"{self.venue} {self.year}".strip()
        cited = ", ".join(filter(None, [self.authors, published, self.arxiv and f"arXiv {self.arxiv}"]))
        return f"{cited} ({self.note})" if self.note else cited
