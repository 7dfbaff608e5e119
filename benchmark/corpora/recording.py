"""Recordings as corpus adapters return them: encoded audio with its transcript."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from benchmark.system.errors import UserError


@dataclass(frozen=True)
class Recording:
    """One utterance as it is in the corpus.

    `text` is "" if the corpus has no transcript, and `audio` is None if it has no recording. `source` names the file in
    messages.

    Raises:
        UserError: the id or the text is not allowed in a NIST transcript (`.trn`), from which all scores are computed.
    """

    id: str
    text: str
    audio: Path | bytes | None
    source: str

    def __post_init__(self) -> None:
        if not self.id or not self.id.isprintable() or set(self.id) & set(" ()"):
            raise UserError(
                f"{' '.join(self.source.split())}: {self.id!r} cannot be an utterance's id: rename it to at least one "
                "character, without spaces, line breaks or parentheses"
            )
        if "{" in self.text.split() or self.text.lstrip().startswith(";;"):
            raise UserError(
                f"{self.source}: the transcript {self.text[:60]!r} would be read as alternatives or as a comment in a "
                ".trn file: remove the brace or the semicolons"
            )

    @property
    def speaker(self) -> str:
        """The part of the id before its first hyphen."""
        return self.id.split("-", 1)[0]
