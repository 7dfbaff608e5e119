"""Preparing a corpus: what is included, what is left out and reported, and what is refused."""

from __future__ import annotations

import errno
import json
import socket
import subprocess
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from made_corpora import ROOT, Row, corpus, encoded, tone, write_mini

from benchmark.__main__ import main
from benchmark.corpora import preparation, prepare
from benchmark.corpora.manifest import Dataset
from benchmark.system.errors import UserError
from benchmark.system.files import read_json


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
    long = [("text", encoded(tone(seconds=3, pitch=pitch))) for pitch in (500, 510, 520)]
    root = write_mini(tmp_path / "corpus", train={"a-long": long[0]}, dev={"b-long": long[1]}, test={"c-long": long[2]})
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


@pytest.mark.parametrize("split", ["dev", "test"])
def test_another_split_than_train_is_whole_or_refused(tmp_path: Path, split: str) -> None:
    bad: dict[str, Row] = {"a-broken": ("text", b"no audio"), "a-untold": (None, encoded(tone()))}
    root = write_mini(tmp_path / "corpus", **{split: bad})
    with pytest.raises(UserError, match=rf"split {split} .* 2 of its 4 .*a-broken \(not readable.*`partial: true`"):
        prepare(corpus("mini", root), tmp_path / "data")
    assert not (tmp_path / "data").exists()
    prepare(corpus("mini", root, partial=True), tmp_path / "data")
    assert read_json(tmp_path / "data" / "data.json")["splits"][split]["left_out"] == 2


@pytest.mark.parametrize("id", ["", "a 1", "a(1)", "a-1\n", "a\t1", "a\u00a01", "a\u20281"])
def test_an_id_that_breaks_a_transcript_is_refused(tmp_path: Path, id: str) -> None:
    root = write_mini(tmp_path / "corpus", train={id: ("text", encoded(tone()))})
    with pytest.raises(UserError, match=r"cannot be an utterance's id") as refused:
        prepare(corpus("mini", root), tmp_path / "data")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("text", [";; no words", "one { two / three }"])
def test_a_text_that_breaks_a_transcript_is_refused(tmp_path: Path, text: str) -> None:
    root = write_mini(tmp_path / "corpus", test={"a-1": (text, encoded(tone()))})
    with pytest.raises(UserError, match=r"a-1 in .*would be read as alternatives or as a comment"):
        prepare(corpus("mini", root), tmp_path / "data")


def test_a_sample_that_is_no_number_is_left_out(tmp_path: Path) -> None:
    bad = encoded(np.full(8000, np.nan, dtype=np.float32), format="WAV", subtype="FLOAT")
    root = write_mini(tmp_path / "corpus", train={"a-1": ("text", bad)})
    prepare(corpus("mini", root), tmp_path / "data")
    assert '"a-1", "split": "train", "reason": "samples that are NaN' in (tmp_path / "data/problems.jsonl").read_text()


COLUMNS: dict[str, pa.Array] = {
    "id": pa.array(["a-1"]),
    "text": pa.array(["text"]),
    "audio": pa.array([{"bytes": b"", "path": None}]),
}


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("id", pa.array([1])),
        ("id", pa.array([None], pa.string())),
        ("text", pa.array([2.5])),
        ("audio", pa.array([b""])),
        ("audio", pa.array([{"path": "a"}])),
        ("audio", pa.array([{"bytes": "text"}])),
    ],
)
def test_a_column_of_another_type_is_named(tmp_path: Path, column: str, values: pa.Array) -> None:
    root = write_mini(tmp_path / "corpus")
    pq.write_table(pa.table(COLUMNS | {column: values}), root / "train.parquet")
    with pytest.raises(UserError, match=rf"train\.parquet, row 1: {column}"):
        prepare(corpus("mini", root), tmp_path / "data")


def test_text_that_is_no_utf_8_is_named(tmp_path: Path) -> None:
    root = write_mini(tmp_path / "corpus")
    latin = pa.array([b"caf\xe9"]).view(pa.string())
    pq.write_table(pa.table(COLUMNS | {"text": latin}), root / "train.parquet")
    with pytest.raises(UserError, match=r"train\.parquet is damaged"):
        prepare(corpus("mini", root), tmp_path / "data")


def test_what_a_killed_call_left_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmark.system.project.ROOT", tmp_path)
    dead = subprocess.Popen(["true"])
    dead.wait()
    left = tmp_path / "work/smoke/runs/gone" / f".model.{socket.gethostname()}.{dead.pid}.partial"
    left.mkdir(parents=True)
    config = yaml.safe_load((ROOT / "config/smoke.yaml").read_text())
    config["corpus"] |= {"root": str(write_mini(tmp_path / "corpus")), "tests": ["test"]}
    (tmp_path / "smoke.yaml").write_text(yaml.safe_dump(config))
    assert main(["prepare", str(tmp_path / "smoke.yaml")]) == 0
    assert not left.exists()
    assert (tmp_path / "work/smoke/data/data.json").exists()


def test_8_khz_is_refused_or_resampled(tmp_path: Path) -> None:
    root = write_mini(tmp_path / "corpus", train={"a-1": ("text", encoded(tone(rate=8000), 8000))})
    with pytest.raises(UserError, match=r"a-1 in .*train\.parquet has 8000 Hz"):
        prepare(corpus("mini", root), tmp_path / "data")
    assert not (tmp_path / "data").exists()
    prepare(corpus("mini", root, resample=True), tmp_path / "data")
    assert Dataset.open(tmp_path / "data").split("train")[-1].samples == 8000


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
    ("name", "message"), [("mimi", 'did you mean "mini"'), ("timit", "available: mini, an4, librispeech")]
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
    config = corpus("mini", write_mini(tmp_path / "corpus"))
    if before:
        prepare(config, tmp_path / "data")
    there = sorted(tmp_path.rglob("*"))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(preparation, "write_manifest", full)
    with pytest.raises(UserError, match=r"disk full while writing .*data"):
        prepare(config, tmp_path / "data")
    assert sorted(tmp_path.rglob("*")) == there
