"""Reading and writing NIST .trn."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.scoring.trn import read_trn, speaker, write_trn
from benchmark.system.errors import UserError


def test_what_a_file_may_hold(tmp_path: Path) -> None:
    path = tmp_path / "a.trn"
    path.write_bytes("\ufeff;; a comment\none  two (b-1)\r\n\n(a-2)\n  don't (stop) now(a-10)\n".encode())
    transcripts = read_trn(path)
    assert transcripts == {"b-1": "one two", "a-2": "", "a-10": "don't (stop) now"}
    assert list(transcripts) == ["b-1", "a-2", "a-10"]


@given(st.dictionaries(st.from_regex(r"[a-z0-9_]+-[0-9]+", fullmatch=True), st.lists(st.sampled_from(["é", "b'c"]))))
def test_round_trip(tmp_path_factory: pytest.TempPathFactory, words: dict[str, list[str]]) -> None:
    transcripts = {name: " ".join(text) for name, text in words.items()} | {"x-1": ""}
    path = tmp_path_factory.mktemp("trn") / "a.trn"
    write_trn(path, transcripts)
    assert list(read_trn(path).items()) == list(transcripts.items())


@pytest.mark.parametrize(
    ("heard", "written"),
    [(";; hello ;; you", "hello ;; you"), ("{ laughs } (twice)", "laughs } (twice)"), ("{ ;;", ""), (" ; {", "")],
)
def test_what_a_model_writes_is_never_taken_for_a_comment_or_for_alternatives(
    heard: str, written: str, tmp_path: Path
) -> None:
    write_trn(tmp_path / "a.trn", {"a-1": heard, "a-2": "one"})
    assert read_trn(tmp_path / "a.trn") == {"a-1": written, "a-2": "one"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("one (a-1)\ntwo\n", r"a\.trn, line 2: no \(utterance-id\) at the end of 'two'"),
        ("one (a-1) two\n", r"a\.trn, line 1: no \(utterance-id\)"),
        ("one ()\n", r"a\.trn, line 1: no \(utterance-id\)"),
        ("one (a 1)\n", r"a\.trn, line 1: no \(utterance-id\)"),
        ("one (a-1)\n\ntwo (a-1)\n", r"a\.trn, line 3: utterance a-1 was already given in line 1"),
        ("{ one / two } (a-1)\n", r"a\.trn, line 1: alternatives"),
        ("", r"a\.trn contains no transcripts"),
        (";; nothing\n", r"a\.trn contains no transcripts"),
    ],
)
def test_bad_files_name_the_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "a.trn"
    path.write_text(content)
    with pytest.raises(UserError, match=message):
        read_trn(path)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"b\.trn: No such file"):
        read_trn(tmp_path / "b.trn")
    with pytest.raises(UserError, match="Is a directory"):
        read_trn(tmp_path)
    (tmp_path / "c.trn").write_bytes("é (a-1)".encode("latin-1"))
    with pytest.raises(UserError, match=r"c\.trn is not UTF-8"):
        read_trn(tmp_path / "c.trn")


def test_speaker_stands_before_the_first_hyphen() -> None:
    assert speaker("1089-134686-0000") == "1089"
    assert speaker("fash-an254-b") == "fash"
    assert speaker("whole") == "whole"


@given(content=st.binary(max_size=60) | st.text(alphabet="ab ();{}-\n\r", max_size=60).map(str.encode))
def test_any_file_is_read_or_refused_in_one_line(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.trn"
    path.write_bytes(content)
    try:
        texts = read_trn(path)
    except UserError as error:
        (line,) = str(error).splitlines()
        assert "any.trn" in line
    else:
        assert texts
        write_trn(path, texts)
        assert read_trn(path) == texts
