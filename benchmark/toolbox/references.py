"""What a method was taken from, as a bibliography has it. No torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reference:
    """A paper, or whatever else a method was taken from.

    Attributes:
        authors: as a text cites them: `Frankle and Carbin`, `Sun et al.`.
        year: of publication.
        venue: where it was published; empty for what is on arXiv alone.
        arxiv: its number there, such as `2306.11695`.
        note: what of it was taken, or what else a reader must know, such as the release that was followed.
    """

    authors: str
    year: int
    venue: str = ""
    arxiv: str = ""
    note: str = ""

    def __str__(self) -> str:
        """As in `Sun et al., ICLR 2024, arXiv 2306.11695 (release locuslab/wanda)`."""
        published = f"{self.venue} {self.year}".strip()
        cited = ", ".join(filter(None, [self.authors, published, self.arxiv and f"arXiv {self.arxiv}"]))
        return f"{cited} ({self.note})" if self.note else cited
