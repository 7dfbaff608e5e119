"""A YAML file is read strictly: one line says what is wrong with it, and in which line of the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.system.errors import UserError
from benchmark.system.strict_yaml import read_yaml_file

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


def refusal(path: Path) -> str:
    with pytest.raises(UserError) as error:
        read_yaml_file(path)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 600
    return str(error.value).removeprefix(str(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: a\nseeds: [0]\nname: b\n", ' is not valid YAML: line 3: the key "name" appears twice, first in line 1'),
        (
            'methods:\n  gates: {a: 1, "a": 2}\n',
            ' is not valid YAML: line 2: the key "a" appears twice, first in line 2',
        ),
        ("name: !!python/object:os.system {}\n", "line 1: the tag tag:yaml.org,2002:python/object:os.system is not"),
        ("a: !!binary aGk=\n", "line 1: the tag tag:yaml.org,2002:binary is not supported"),
        ("a: {b: 1}\nc:\n  <<: {d: 1}\n", "line 3: a key must be text, and << is not supported"),
        ("? [a, b]\n: 1\n", "line 1: a key must be text"),
        (BOMB, ": its aliases stand for more than 100,000 values"),
        ("a: &a [*a]\n", ": its aliases stand for more than 100,000 values, or for themselves"),
        ("a: " + "[" * 50_000 + "]" * 50_000, " is not valid YAML: it is nested too deeply"),
        ("a: " + "9" * 5000 + "\n", " is not valid YAML: Exceeds the limit"),
        ("a: 2024-13-45\n", " is not valid YAML: month must be in 1..12"),
        ("a: [\n", " is not valid YAML: line 2: "),
        ("a: 1\n---\nb: 2\n", " is not valid YAML: line 2: "),
        ("a: \0\n", " is not valid YAML: unacceptable character"),
    ],
)
def test_what_is_no_plain_yaml(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(text)
    assert message in refusal(tmp_path / "study.yaml")


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_another_encoding(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("name: größe\n", encoding=encoding)
    assert refusal(tmp_path / "study.yaml") == " is not valid YAML: it is not text in UTF-8"


def test_a_folder_and_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    assert refusal(tmp_path) == " cannot be read: Is a directory"
    assert " cannot be read: File name" in refusal(tmp_path / ("x" * 300))


def test_an_alias_stands_for_what_it_names(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text("budget: &budget {kind: work, limit: 4}\ntuning: {budget: *budget}\n")
    content = read_yaml_file(tmp_path / "study.yaml")
    assert content["tuning"]["budget"] == {"kind": "work", "limit": 4}
