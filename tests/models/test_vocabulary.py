"""Text to labels and greedy CTC back."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.models.vocabulary import Vocabulary
from benchmark.system.errors import UserError


def test_greedy_decoding_merges_repeats_between_blanks() -> None:
    vocabulary = Vocabulary.of_letters()
    a, b, blank, gap = (vocabulary.tokens[t] for t in ("a", "b", "<pad>", "|"))
    assert vocabulary.decode([blank, a, a, blank, a, gap, gap, blank, b, b]) == "aa b"
    assert vocabulary.decode([blank, gap, blank]) == ""


def test_encoding_and_decoding_are_inverse_up_to_repeats() -> None:
    vocabulary = Vocabulary.of_letters()
    assert vocabulary.decode(vocabulary.encode("it's  Noon")) == "it's non"


def test_case_follows_the_checkpoint() -> None:
    upper = Vocabulary({"<pad>": 0, "|": 1, "A": 2, "B": 3})
    assert upper.encode("a b") == [2, 1, 3]


def test_a_character_that_the_model_cannot_write_is_named() -> None:
    with pytest.raises(UserError, match="'7'"):
        Vocabulary.of_letters().encode("route 7")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[]", "the whole: input should be a valid dictionary"),
        ('{"<pad>": 0, "|": "1"}', r"\|: input should be a valid integer"),
        ('{"<pad>": 0, "|": 1.0}', r"\|: input should be a valid integer"),
        ('{"<pad>": 0, "|": true}', r"\|: input should be a valid integer"),
        ('{"<pad>": -1, "|": 1}', "<pad>: input should be greater"),
        ('{"<pad>": 0, "|": 1, "a": 4}', '"a" has the id 4, but the ids of the model go from 0 to 3'),
        ('{"<pad>": 0, "|": 1, "a": 1}', r'"\|" and "a" have the same id 1'),
        ('{"|": 1}', 'has no "<pad>"'),
        ('{"<pad>": 0}', r'has no "\|"'),
    ],
)
def test_a_file_that_maps_no_tokens_to_outputs_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "vocab.json").write_text(text)
    with pytest.raises(UserError, match=rf"vocab\.json.*{reason}"):
        Vocabulary.load(tmp_path, outputs=4)
