"""What every corpus adapter hands over: recordings, still encoded, with their transcripts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Recording:
    """One utterance as the corpus has it.

    `text` is "" where the corpus has no transcript, `audio` is None where it has no recording. `source` names the file
    in messages.
    """

    id: str
    text: str
    audio: Path | bytes | None
    source: str

    @property
    def speaker(self) -> str:
        """What stands before the first hyphen of the id."""
        return self.id.split("-", 1)[0]
