"""Splits that share an utterance are refused, because no score on them would be honest."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_corpora import PITCHES, corpus, encoded, tone, write_mini

from benchmark.corpora import prepare
from benchmark.corpora.manifest import Dataset
from benchmark.system.errors import UserError

TESTED = ("word", encoded(tone(pitch=PITCHES["test"])))  # what the test set holds


@pytest.mark.parametrize("split", ["train", "dev"])
def test_an_id_that_comes_twice_is_refused(tmp_path: Path, split: str) -> None:
    root = write_mini(tmp_path / "corpus", **{split: {"tester-0": ("text", encoded(tone()))}})
    with pytest.raises(UserError, match=rf"tester-0 appears twice in {split} and test"):
        prepare(corpus("mini", root), tmp_path / "data")


@pytest.mark.parametrize("split", ["train", "dev"])
def test_audio_that_comes_twice_under_two_ids_is_refused(tmp_path: Path, split: str) -> None:
    root = write_mini(tmp_path / "corpus", **{split: {"other-0": TESTED}})
    with pytest.raises(UserError, match=rf"other-0 of {split} and tester-0 of test are the same audio"):
        prepare(corpus("mini", root), tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_audio_may_come_twice_in_one_split(tmp_path: Path) -> None:
    root = write_mini(tmp_path / "corpus", test={"tester-2": TESTED})
    prepare(corpus("mini", root), tmp_path / "data")
    assert len(Dataset.open(tmp_path / "data").split("test")) == 3


def test_test_sets_may_overlap_by_id_and_audio(tmp_path: Path) -> None:
    root = write_mini(tmp_path / "corpus")
    (root / "hard.parquet").write_bytes((root / "test.parquet").read_bytes())
    prepare(corpus("mini", root, tests=("test", "hard")), tmp_path / "data")
    dataset = Dataset.open(tmp_path / "data")
    assert [u.id for u in dataset.split("test")] == [u.id for u in dataset.split("hard")]


def test_the_development_set_may_be_reported_beside_a_test_set(tmp_path: Path) -> None:
    prepare(corpus("mini", write_mini(tmp_path / "corpus"), tests=("test", "dev")), tmp_path / "data")
    assert list(Dataset.open(tmp_path / "data").utterances) == ["train", "dev", "test"]


def test_a_reported_development_set_shares_nothing_with_a_test_set(tmp_path: Path) -> None:
    root = write_mini(tmp_path / "corpus", dev={"other-0": TESTED})
    with pytest.raises(UserError, match="are the same audio"):
        prepare(corpus("mini", root, tests=("test", "dev")), tmp_path / "data")
