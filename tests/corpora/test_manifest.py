"""Opening a prepared corpus that is not what it should be."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_corpora import corpus, write_mini

from benchmark.corpora import prepare
from benchmark.corpora.manifest import Dataset
from benchmark.system import stamps
from benchmark.system.errors import UserError


@pytest.fixture
def data(tmp_path: Path) -> Path:
    prepare(corpus("mini", write_mini(tmp_path / "corpus")), tmp_path / "data")
    return tmp_path / "data"


def test_nothing_prepared(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no prepared corpus in .*python -m benchmark prepare CONFIG"):
        Dataset.open(tmp_path)


def test_an_unknown_split_names_those_there_are(data: Path) -> None:
    with pytest.raises(UserError, match=r"no split 'tests' .*there are: train, dev, test"):
        Dataset.open(data).split("tests")


def test_audio_cut_short(data: Path) -> None:
    audio = data / "audio.i16"
    audio.write_bytes(audio.read_bytes()[:-2])
    with pytest.raises(UserError, match=r"audio\.i16 is damaged.*delete .*data and prepare the corpus again"):
        Dataset.open(data)


def test_other_audio_of_the_same_size(data: Path) -> None:
    audio = data / "audio.i16"
    audio.write_bytes(bytes(audio.stat().st_size))
    with pytest.raises(UserError, match=r"audio\.i16 is damaged"):
        Dataset.open(data)


@pytest.mark.parametrize("kept", [slice(1, None), slice(0, -1), slice(0, 0)])
def test_a_lost_line_of_the_manifest(data: Path, kept: slice) -> None:
    manifest = data / "manifest.jsonl"
    manifest.write_text("".join(manifest.read_text().splitlines(keepends=True)[kept]))
    with pytest.raises(UserError, match=r"manifest\.jsonl is damaged"):
        Dataset.open(data)


@pytest.mark.parametrize("name", ["audio.i16", "manifest.jsonl"])
def test_a_lost_file(data: Path, name: str) -> None:
    (data / name).unlink()
    with pytest.raises(UserError, match=rf"{name} cannot be read .*prepare the corpus again"):
        Dataset.open(data)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "hash: field required"),
        ("[]", "valid dictionary"),
        ('{"hash": "a", "splits": {}, "files": {}}', "has no stamp for "),
        ('{"hash": 3, "splits": {}, "files": {}}', "hash: input should be a valid string"),
        ('{"hash": "a", "splits": {"train": {}}, "files": {}}', r"splits\.train\.utterances: field required"),
    ],
)
def test_a_summary_of_another_form(data: Path, text: str, message: str) -> None:
    (data / "data.json").write_text(text)
    with pytest.raises(UserError, match=rf"data\.json.*{message}"):
        Dataset.open(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["hash", "splits", "files", "train", "audio.i16", "bytes"]), inner, max_size=4
        )
    ),
    max_leaves=9,
)


@given(value=JSON)
def test_any_other_summary_is_one_line(value: object, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("data")
    (folder / "data.json").write_text(json.dumps(value))
    with pytest.raises(UserError, match=r"^[^\n]*data\.json[^\n]*: delete [^\n]* and prepare the corpus again$"):
        Dataset.open(folder)


def test_a_copy_with_other_times_is_good(data: Path) -> None:
    for path in data.iterdir():
        os.utime(path, (0, 0))
    assert len(Dataset.open(data).split("train")) == 2


def test_opening_reads_no_audio(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hashed(path: Path) -> str:
        raise AssertionError(f"{path} was hashed")

    monkeypatch.setattr(stamps, "hash_file", hashed)
    Dataset.open(data)
