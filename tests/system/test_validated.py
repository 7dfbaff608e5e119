"""A value that is read has its type or is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typing_extensions import TypedDict

from benchmark.system.errors import UserError
from benchmark.system.validated import Count, Finite, checked, read_json_as


class Figures(TypedDict, closed=True):
    words: Count
    rate: Finite


def test_a_value_of_its_type_is_given_back(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"words": 3, "rate": 2}')
    assert read_json_as(tmp_path / "a.json", Figures) == {"words": 3, "rate": 2}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"words": -1, "rate": 0.5}', "a.json: words: input should be greater than or equal to 0"),
        ('{"words": "3", "rate": 0.5}', "a.json: words: input should be a valid integer"),
        ('{"words": 3}', "a.json: rate: field required"),
        ('{"words": 3, "rate": NaN}', "a.json is not valid JSON (NaN is not a JSON number)"),
        ('{"words": 3, "rate": 1, "\\n": 2}', "a.json: \\n: extra inputs are not permitted"),
        ("[]", "a.json: the whole: input should be a valid dictionary"),
        ("[" * 100_000, "a.json is not valid JSON"),
    ],
)
def test_another_is_refused_in_one_line(tmp_path: Path, text: str, line: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(UserError) as refused:
        read_json_as(tmp_path / "a.json", Figures)
    assert line in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_folder_or_another_encoding_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "utf16.json").write_bytes('{"words": 3}'.encode("utf-16"))
    for path in (tmp_path, tmp_path / "utf16.json"):
        with pytest.raises(UserError, match=path.name):
            read_json_as(path, Figures)


def test_infinity_is_no_number() -> None:
    with pytest.raises(UserError, match="here: rate: input should be a finite number"):
        checked({"words": 1, "rate": float("inf")}, Figures, "here")
