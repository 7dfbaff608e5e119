"""Preparing a corpus: what gets in, what is left out and said, and what is refused."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import numpy as np
import pytest
from made_corpora import corpus, encoded, tone, write_mini

from benchmark.corpora import preparation, prepare
from benchmark.corpora.manifest import Dataset
from benchmark.errors import UserError
from benchmark.files import read_json


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    audio = tone(seconds=0.7)
    root = write_mini(tmp_path / "corpus", dev={"anna-7": ("call  anna ", encoded(audio))})
    prepare(corpus("mini", root), tmp_path / "data")
    dataset = Dataset.open(tmp_path / "data")
    utterance = dataset.split("dev")[-1]
    assert (utterance.id, utterance.speaker, utterance.split, utterance.text) == ("anna-7", "anna", "dev", "call anna")
    assert utterance.seconds == 0.7
    np.testing.assert_allclose(dataset.audio(utterance), audio, atol=1 / 32768)
    assert [len(dataset.split(name)) for name in ("train", "dev", "test")] == [2, 3, 2]


def test_a_test_set_is_scored_whole_whatever_its_lengths(tmp_path: Path) -> None:
    long = ("text", encoded(tone(seconds=3)))
    root = write_mini(tmp_path / "corpus", train={"a-long": long}, dev={"b-long": long}, test={"c-long": long})
    prepare(corpus("mini", root, max_seconds=2.5), tmp_path / "data")
    dataset = Dataset.open(tmp_path / "data")
    ids = {split: [u.id for u in dataset.split(split)] for split in ("train", "dev", "test")}
    assert ["a-long" in ids["train"], "b-long" in ids["dev"], "c-long" in ids["test"]] == [False, True, True]


def test_what_cannot_be_used_is_listed_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = encoded(tone())
    bad = {
        "a-truncated": ("text", good[: len(good) // 2]),
        "a-empty": ("text", b""),
        "a-absent": ("text", None),
        "a-silent": ("  ", good),
        "a-untold": (None, good),
        "a-long": ("text", encoded(tone(seconds=3))),
        "a-short": ("text", encoded(tone(seconds=0.05))),
    }
    prepare(corpus("mini", write_mini(tmp_path / "corpus", train=bad), max_seconds=2.5), tmp_path / "data")
    problems = [json.loads(line) for line in (tmp_path / "data" / "problems.jsonl").read_text().splitlines()]
    reasons = {problem["id"]: problem["reason"] for problem in problems}
    assert {problem["split"] for problem in problems} == {"train"}
    assert set(reasons) == set(bad)
    assert "truncated" in reasons["a-truncated"]
    assert reasons["a-empty"] == "the file is empty"
    assert reasons["a-absent"] == "no audio"
    assert reasons["a-silent"] == reasons["a-untold"] == "no transcript"
    assert reasons["a-long"] == "too long: 3.00 s, more than max_seconds: 2.5"
    assert reasons["a-short"] == "too short: 0.050 s"
    assert [u.id for u in Dataset.open(tmp_path / "data").split("train")] == ["trainer-0", "trainer-1"]
    summary = read_json(tmp_path / "data" / "data.json")["splits"]
    assert summary["train"] == {"utterances": 2, "words": 4, "seconds": 1.0, "speakers": 1, "left_out": 7}
    printed = capsys.readouterr().out.splitlines()
    assert "train: 2 utterances, 4 words" in printed[0]
    assert "left out: 7, such as a-truncated" in printed[0]
    assert printed[1].endswith("left out: 0")


def test_8_khz_is_refused_or_resampled(tmp_path: Path) -> None:
    root = write_mini(tmp_path / "corpus", train={"a-1": ("text", encoded(tone(rate=8000), 8000))})
    with pytest.raises(UserError, match=r"a-1 in .*train\.parquet has 8000 Hz"):
        prepare(corpus("mini", root), tmp_path / "data")
    assert not (tmp_path / "data").exists()
    prepare(corpus("mini", root, resample=True), tmp_path / "data")
    assert Dataset.open(tmp_path / "data").split("train")[-1].samples == 8000


@pytest.mark.parametrize("split", ["train", "dev"])
def test_an_id_that_comes_twice_is_refused(tmp_path: Path, split: str) -> None:
    root = write_mini(tmp_path / "corpus", **{split: {"tester-0": ("text", encoded(tone()))}})
    with pytest.raises(UserError, match=rf"tester-0 comes twice in {split} and test"):
        prepare(corpus("mini", root), tmp_path / "data")


def test_test_sets_may_overlap(tmp_path: Path) -> None:
    root = write_mini(tmp_path / "corpus")
    (root / "hard.parquet").write_bytes((root / "test.parquet").read_bytes())
    prepare(corpus("mini", root, tests=("test", "hard")), tmp_path / "data")
    dataset = Dataset.open(tmp_path / "data")
    assert [u.id for u in dataset.split("test")] == [u.id for u in dataset.split("hard")]


def test_the_hash_follows_ids_texts_and_audio(tmp_path: Path) -> None:
    def prepared(name: str, id: str = "a-1", text: str = "text", pitch: float = 440) -> str:
        row = {id: (text, encoded(tone(pitch=pitch)))}
        prepare(corpus("mini", write_mini(tmp_path / name, dev=row)), tmp_path / f"{name}-data")
        return Dataset.open(tmp_path / f"{name}-data").hash

    first = prepared("first")
    assert first == prepared("again")
    assert len({first, prepared("id", id="a-2"), prepared("text", text="test"), prepared("audio", pitch=450)}) == 4


def test_preparing_again_replaces_the_old(tmp_path: Path) -> None:
    root = write_mini(tmp_path / "corpus")
    prepare(corpus("mini", root), tmp_path / "data")
    write_mini(tmp_path / "corpus", dev={"new-1": ("text", encoded(tone()))})
    prepare(corpus("mini", root), tmp_path / "data")
    assert "new-1" in {u.id for u in Dataset.open(tmp_path / "data").split("dev")}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["corpus", "data"]


@pytest.mark.parametrize(
    ("name", "message"), [("mimi", "did you mean 'mini'"), ("timit", "there are: mini, an4, librispeech")]
)
def test_an_unknown_corpus_is_named(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        prepare(corpus(name, tmp_path), tmp_path / "data")


@pytest.mark.parametrize("name", ["mini", "an4", "librispeech"])
def test_a_missing_root_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=rf"root of corpus {name} does not exist: .*nowhere"):
        prepare(corpus(name, tmp_path / "nowhere"), tmp_path / "data")
    assert not list(tmp_path.iterdir())


def test_an_unknown_split_is_named(tmp_path: Path) -> None:
    root = write_mini(tmp_path / "corpus")
    with pytest.raises(UserError, match=r"no split 'tset'.*there are: dev, test, train"):
        prepare(corpus("mini", root, tests=("tset",)), tmp_path / "data")


def test_a_damaged_parquet_file_is_named(tmp_path: Path) -> None:
    path = write_mini(tmp_path / "corpus") / "dev.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"dev\.parquet is damaged"):
        prepare(corpus("mini", path.parent), tmp_path / "data")


def test_a_split_without_one_usable_utterance_is_refused(tmp_path: Path) -> None:
    row = {f"tester-{i}": ("", b"") for i in range(2)}
    with pytest.raises(UserError, match=r"split test of corpus mini has no usable utterance: tester-0: no transcript"):
        prepare(corpus("mini", write_mini(tmp_path / "corpus", test=row)), tmp_path / "data")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("before", [True, False])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: bool) -> None:
    study = corpus("mini", write_mini(tmp_path / "corpus"))
    if before:
        prepare(study, tmp_path / "data")
    there = sorted(tmp_path.rglob("*"))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(preparation, "_write_lines", full)
    with pytest.raises(UserError, match=r"disk full while writing .*data"):
        prepare(study, tmp_path / "data")
    assert sorted(tmp_path.rglob("*")) == there
