"""Opening a prepared corpus that is not what it should be."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_corpora import corpus, write_mini

from benchmark.corpora import prepare
from benchmark.corpora.manifest import Dataset
from benchmark.errors import UserError


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
    with pytest.raises(UserError, match=r"audio\.i16 does not fit its manifest"):
        Dataset.open(data)


def test_manifest_cut_short(data: Path) -> None:
    manifest = data / "manifest.jsonl"
    manifest.write_text(manifest.read_text()[:-10])
    with pytest.raises(UserError, match=r"manifest\.jsonl cannot be read"):
        Dataset.open(data)
