"""Whisper's text: its tokenizer, the prompt before a transcript, and the tokens that greedy decoding never writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from transformers import AutoTokenizer, GenerationConfig, PreTrainedModel

from benchmark.models.architectures.whisper_language import language_and_task
from benchmark.models.foreign_files import errors_in_one_line
from benchmark.system.errors import UserError


@dataclass(frozen=True)
class WhisperText:
    """Whisper's byte-pair encoding of transcripts, without prompt and end.

    Attributes:
        tokenizer: the tokenizer of transformers.
        limit: the most tokens that a transcript may have, so that the decoder has positions for it.
    """

    tokenizer: Any
    limit: int

    @classmethod
    def load(cls, folder: Path, limit: int) -> WhisperText:
        """Read the tokenizer of a model's folder.

        Raises:
            UserError: its files are missing or damaged.
        """
        with errors_in_one_line(f"the tokenizer in {folder} cannot be read"):
            tokenizer = AutoTokenizer.from_pretrained(folder)
        return cls(tokenizer, limit)

    def normalise(self, text: str) -> str:
        """Text with single spaces. Text in capitals, as LibriSpeech has it, becomes lower case: Whisper writes none."""
        text = " ".join(text.split())
        return text.lower() if text.isupper() else text

    def encode(self, text: str) -> list[int]:
        """Tokens of a transcript, the first with a space before it, as Whisper writes it.

        Raises:
            UserError: the transcript has more tokens than the decoder has positions.
        """
        tokens: list[int] = self.tokenizer.encode(f" {self.normalise(text)}", add_special_tokens=False)
        if len(tokens) > self.limit:
            raise UserError(
                f'a transcript has {len(tokens)} tokens, but the decoder has positions for {self.limit}: "{text[:60]}"'
            )
        return tokens

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens; special tokens, which follow all others in the vocabulary, are left out."""
        end = self.tokenizer.eos_token_id
        text: str = self.tokenizer.decode([token for token in tokens if token < end])
        return " ".join(text.split())


def prompt(model: PreTrainedModel) -> list[int]:
    """The tokens before every transcript: start, language and task of a multilingual model, no timestamps.

    Raises:
        UserError: the generation config lacks a token, or a multilingual model has no language.
    """
    config = generation_config(model)
    start, silent = config.decoder_start_token_id, getattr(config, "no_timestamps_token_id", None)
    if start is None or silent is None:
        raise UserError(
            "generation_config.json lacks decoder_start_token_id or no_timestamps_token_id: copy it from the published "
            "model"
        )
    return [start, *language_and_task(vars(config)), silent]


def generation_config(model: PreTrainedModel) -> GenerationConfig:
    """The model's generation config, which `transformers` leaves out of the model's type."""
    config = model.generation_config
    assert isinstance(config, GenerationConfig)
    return config
