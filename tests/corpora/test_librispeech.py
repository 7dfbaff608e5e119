"""LibriSpeech in its official layout."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from made_corpora import corpus, real, write_librispeech

from benchmark.corpora import librispeech, prepare
from benchmark.corpora.manifest import Dataset
from benchmark.corpora.survey import survey
from benchmark.system.errors import UserError
from benchmark.system.files import read_json


def libri(root: Path | None, **changes: object) -> Any:
    return corpus(
        "librispeech",
        root,
        **{"train": "train-clean-100", "dev": "dev-clean", "tests": ("test-clean",), "partial": True, **changes},
    )


def test_the_real_sample(tmp_path: Path) -> None:
    sample = real("librispeech-sample") / "LibriSpeech" / "test-clean"
    root = write_librispeech(tmp_path / "libri")
    shutil.rmtree(root / "LibriSpeech" / "test-clean")
    (root / "LibriSpeech" / "test-clean").symlink_to(sample)
    prepare(libri(root), tmp_path / "data")
    utterances = Dataset.open(tmp_path / "data").split("test-clean")
    assert len(utterances) == 140
    assert len({u.speaker for u in utterances}) == 10
    texts = {u.id: u.text for u in utterances}
    transcript = sample / "8224" / "274381" / "8224-274381.trans.txt"
    for line in transcript.read_text().splitlines():
        id, text = line.split(" ", 1)
        assert texts[id] == text


def test_only_the_utterance_without_a_transcript_or_a_recording_is_left_out(tmp_path: Path) -> None:
    root = write_librispeech(tmp_path / "libri")
    chapter = root / "LibriSpeech" / "test-clean" / "61" / "7"
    (chapter / "61-7.trans.txt").write_text("61-7-0000\n61-7-0001 SOME WORDS\n61-7-0002 WORDS\n61-7-0003 MORE\n")
    prepare(libri(root), tmp_path / "data")
    assert [u.id for u in Dataset.open(tmp_path / "data").split("test-clean")] == ["61-7-0001", "61-7-0002"]
    problems = (tmp_path / "data" / "problems.jsonl").read_text()
    assert '"61-7-0000", "split": "test-clean", "reason": "no transcript"' in problems
    assert "no such file or directory: 61-7-0003.flac" in problems
    assert read_json(tmp_path / "data" / "data.json")["splits"]["test-clean"]["left_out"] == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [(b"61-7-0000 A\n61-7-0000 B\n", "line 2: 61-7-0000 appears twice"), (b"61-7-0000 caf\xe9\n", "cannot be read")],
)
def test_transcripts_of_another_form_are_named(tmp_path: Path, text: bytes, message: str) -> None:
    root = write_librispeech(tmp_path / "libri")
    (root / "LibriSpeech" / "test-clean" / "61" / "7" / "61-7.trans.txt").write_bytes(text)
    with pytest.raises(UserError, match=rf"61-7\.trans\.txt.*{message}.*unpack test-clean\.tar\.gz again"):
        prepare(libri(root), tmp_path / "data")


def test_an_incomplete_split_is_refused_unless_told(tmp_path: Path) -> None:
    root = write_librispeech(tmp_path / "libri")
    with pytest.raises(UserError, match=r"has [0-9]+ utterances, but the official split has 28,539: .*`partial: true`"):
        prepare(libri(root, partial=False), tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_an_incomplete_training_split_can_be_allowed_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = write_librispeech(tmp_path / "libri")
    with pytest.raises(UserError, match=r"LibriSpeech/dev-clean has [0-9]+ utterances"):
        prepare(libri(root, partial="train"), tmp_path / "data")
    official = {
        split: len(list((root / "LibriSpeech" / split).glob("*/*/*.flac"))) for split in ("dev-clean", "test-clean")
    }
    monkeypatch.setattr(librispeech, "OFFICIAL_UTTERANCES", librispeech.OFFICIAL_UTTERANCES | official)
    prepare(libri(root, partial="train"), tmp_path / "data")
    (remark,) = Dataset.open(tmp_path / "data").remarks
    assert remark.startswith("LibriSpeech train-clean-100 has ")
    assert remark.endswith(" of 28,539 utterances")


def test_what_the_owner_of_the_audio_says_is_kept(tmp_path: Path) -> None:
    root = write_librispeech(tmp_path / "libri")
    (root / "REMARK.txt").write_text("decoded from\nlossy files\n")
    prepare(libri(root), tmp_path / "data")
    assert Dataset.open(tmp_path / "data").remarks[-1] == "decoded from lossy files"
    (root / "REMARK.txt").write_bytes(b"caf\xe9")
    with pytest.raises(UserError, match=r"REMARK\.txt cannot be read .*: correct or delete it"):
        prepare(libri(root), tmp_path / "again")


def test_a_chapter_without_its_transcripts_is_left_out(tmp_path: Path) -> None:
    root = write_librispeech(tmp_path / "libri")
    (root / "LibriSpeech" / "test-clean" / "61" / "7" / "61-7.trans.txt").unlink()
    with pytest.raises(UserError, match=r"split test-clean .*no usable utterance: 61-7-0000: no transcript"):
        prepare(libri(root), tmp_path / "data")


def test_a_split_that_is_not_there_is_not_downloaded_unasked(tmp_path: Path) -> None:
    root = write_librispeech(tmp_path / "libri")
    with pytest.raises(UserError, match=r"LibriSpeech test-other is not in .*holds LibriSpeech/.*`download: true`"):
        prepare(libri(root, tests=("test-other",)), tmp_path / "data")


def test_the_wrong_level_of_the_layout_is_explained(tmp_path: Path) -> None:
    root = write_librispeech(tmp_path / "libri") / "LibriSpeech"
    with pytest.raises(UserError, match=r"set `root` to the folder that holds LibriSpeech/"):
        prepare(libri(root), tmp_path / "data")


def test_an_unknown_split_and_an_absent_root(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"test-dirty.*train-clean-100"):
        prepare(libri(write_librispeech(tmp_path / "libri"), tests=("test-dirty",)), tmp_path / "data")
    with pytest.raises(UserError, match="needs `root`"):
        prepare(libri(None), tmp_path / "data")


def test_an_empty_split_folder_is_named(tmp_path: Path) -> None:
    root = write_librispeech(tmp_path / "libri")
    (root / "LibriSpeech" / "test-other").mkdir()
    with pytest.raises(UserError, match=r"test-other has no utterances: unpack test-other\.tar\.gz again"):
        prepare(libri(root, tests=("test-other",)), tmp_path / "data")


@pytest.mark.parametrize(("share", "held_out"), [(0.01, 1), (0.2, 1), (0.4, 2), (0.8, 4)])
def test_dev_can_be_some_speakers_of_the_training_split(tmp_path: Path, share: float, held_out: int) -> None:
    root = write_librispeech(tmp_path / "libri", 19, 26, 27, 32)
    chosen = []
    for name in ("data", "again"):
        prepare(libri(root, dev="dev", dev_share=share), tmp_path / name)
        dataset = Dataset.open(tmp_path / name)
        dev, train = ({u.speaker for u in dataset.split(split)} for split in ("dev", "train-clean-100"))
        assert len(dev) == held_out
        assert not dev & train
        assert dev | train == {"103", "19", "26", "27", "32"}
        chosen.append(dev)
        assert len(dataset.split("dev")) + len(dataset.split("train-clean-100")) == 15
    assert chosen[0] == chosen[1]


@pytest.mark.parametrize(("further", "share"), [((), 0.1), ((19, 26), 0.9)])
def test_a_share_that_leaves_nobody_to_train_on_is_one_line(
    tmp_path: Path, further: tuple[int, ...], share: float
) -> None:
    root = write_librispeech(tmp_path / "libri", *further)
    with pytest.raises(UserError, match=r"train-clean-100 has [13] speaker\(s\), .*: lower `dev_share`") as refused:
        prepare(libri(root, dev="dev", dev_share=share), tmp_path / "data")
    assert "\n" not in str(refused.value)


def test_the_survey_divides_the_training_split_and_fetches_it_once(tmp_path: Path) -> None:
    config = libri(write_librispeech(tmp_path / "libri", 19, 26, 27, 32), dev="dev", dev_share=0.2)
    sizes = survey(config)
    assert [sizes[split].utterances for split in ("train-clean-100", "dev", "test-clean")] == [12, 3, 3]
    absent = survey(libri(tmp_path / "new", dev="dev", dev_share=0.2, download=True))
    assert absent["dev"].to_fetch == 0 < absent["test-clean"].to_fetch < absent["train-clean-100"].to_fetch
    assert absent["dev"].seconds == pytest.approx(0.2 * 100.6 * 3600)
