"""Conversion of text to label ids and back: what any model needs, and the letters of a CTC model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase
from typing import Protocol

from benchmark.system.errors import UserError
from benchmark.system.validated import Count, read_json_as

WORD_DELIMITER = "|"
BLANK = "<pad>"
SPECIAL = (BLANK, "<s>", "</s>", "<unk>")


class Tokenizer(Protocol):
    """Conversion of a model's text to label ids."""

    def normalise(self, text: str) -> str:
        """Text in the case that the model writes, with single spaces."""

    def encode(self, text: str) -> list[int]:
        """Label ids of a transcript.

        Raises:
            UserError: the transcript has a character that the model cannot write.
        """


@dataclass(frozen=True)
class Vocabulary:
    """Characters of a CTC model. `tokens` maps a character to its id; the blank is `<pad>`, as in wav2vec 2.0."""

    tokens: dict[str, int]

    @classmethod
    def of_letters(cls, *, upper_case: bool = False) -> Vocabulary:
        """Blank, word delimiter, apostrophe and 26 letters: 32 tokens, as checkpoints trained on LibriSpeech have."""
        letters = ascii_uppercase if upper_case else ascii_lowercase
        return cls({t: i for i, t in enumerate([*SPECIAL, WORD_DELIMITER, "'", *letters])})

    @classmethod
    def load(cls, folder: Path, outputs: int) -> Vocabulary:
        """Read `vocab.json`, the file of a Hugging Face CTC tokenizer.

        Args:
            folder: the model's folder.
            outputs: number of outputs of the model's head; each id is the index of one.

        Raises:
            UserError: the file is missing, maps no tokens to ids, has an id twice or one that the head lacks, or has no
                blank or word delimiter.
        """
        path = folder / "vocab.json"
        if not path.is_file():
            raise UserError(f"{path} does not exist: a CTC model's folder needs its tokenizer's vocab.json")
        tokens = read_json_as(path, dict[str, Count])
        for needed in (BLANK, WORD_DELIMITER):
            if needed not in tokens:
                raise UserError(f'{path} has no "{needed}": it is not the vocabulary of a wav2vec 2.0 CTC model')
        token_of: dict[int, str] = {}
        for token, id in tokens.items():
            if id >= outputs:
                raise UserError(
                    f'{path}: "{token}" has the id {id}, but the ids of the model go from 0 to {outputs - 1}'
                )
            if id in token_of:
                raise UserError(f'{path}: "{token_of[id]}" and "{token}" have the same id {id}')
            token_of[id] = token
        return cls(tokens)

    @property
    def blank(self) -> int:
        """Id of the CTC blank."""
        return self.tokens[BLANK]

    @property
    def upper_case(self) -> bool:
        """Whether the model writes capitals, as most LibriSpeech checkpoints do."""
        return "A" in self.tokens

    def normalise(self, text: str) -> str:
        """Text in the case of the vocabulary, with single spaces."""
        text = " ".join(text.split())
        return text.upper() if self.upper_case else text.lower()

    def encode(self, text: str) -> list[int]:
        """Label ids of a transcript.

        Raises:
            UserError: the transcript has a character that the model cannot write.
        """
        characters = self.normalise(text).replace(" ", WORD_DELIMITER)
        unknown = sorted(set(characters) - self.tokens.keys())
        if unknown:
            raise UserError(f'the model\'s vocabulary lacks {unknown} (in "{text[:60]}"): normalise the transcripts')
        return [self.tokens[c] for c in characters]

    def decode(self, frames: Sequence[int]) -> str:
        """Greedy CTC: merge repeats, drop blanks and special tokens, split words at the delimiter."""
        characters = {i: t for t, i in self.tokens.items() if t not in SPECIAL}
        merged = [frame for i, frame in enumerate(frames) if i == 0 or frame != frames[i - 1]]
        text = "".join(characters.get(frame, "") for frame in merged)
        return " ".join(text.replace(WORD_DELIMITER, " ").split())
