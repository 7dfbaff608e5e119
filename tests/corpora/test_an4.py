"""CMU AN4: its layout, its two partitions, and its download."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_corpora import corpus, real, write_an4
from web_server import served

from benchmark.corpora import an4, prepare
from benchmark.corpora.an4_download import CONTENT, cache_folder, content_hash, download
from benchmark.corpora.manifest import Dataset
from benchmark.system.errors import UserError

SPEAKERS = 84


def test_the_official_partition_of_the_real_corpus(tmp_path: Path) -> None:
    study = corpus("an4", real("an4"), train="official-train", tests=("official-test",))
    prepare(study, tmp_path / "data")
    dataset = Dataset.open(tmp_path / "data")
    test = dataset.split("official-test")
    for split in ("official-train", "official-test", "dev"):
        assert len(dataset.split(split)) == an4.UTTERANCES[split]
    assert sum(len(u.text.split()) for u in test) == 773
    assert an4.UTTERANCES["official-train"] + an4.UTTERANCES["dev"] == 948
    assert an4.UTTERANCES["official-test"] == 130
    assert {u.id: u.text for u in dataset.split("official-train")}["fash-an255"] == "u m n y h six"


def test_the_speaker_disjoint_partition_of_the_real_corpus(tmp_path: Path) -> None:
    prepare(corpus("an4", real("an4"), tests=("test", "official-test")), tmp_path / "data")
    dataset = Dataset.open(tmp_path / "data")
    speakers = {name: {u.speaker for u in dataset.split(name)} for name in ("train", "dev", "test", "official-test")}
    assert not speakers["train"] & speakers["test"]
    assert not speakers["dev"] & (speakers["train"] | speakers["test"])
    assert speakers["official-test"] < speakers["test"]
    assert len(speakers["train"] | speakers["dev"] | speakers["test"]) == SPEAKERS
    assert len(speakers["test"]) / SPEAKERS == pytest.approx(0.30, abs=0.01)
    for split in ("train", "dev", "test"):
        assert len(dataset.split(split)) == an4.UTTERANCES[split]
    assert sum(an4.UTTERANCES[split] for split in ("train", "dev", "test")) == 948 + 130
    letters = set("".join(u.text for name in speakers for u in dataset.split(name)))
    assert letters <= set("abcdefghijklmnopqrstuvwxyz ")


def test_the_downloads_expected_content_is_that_of_the_real_corpus() -> None:
    assert content_hash(real("an4")) == CONTENT


def test_training_on_test_speakers_is_refused(tmp_path: Path) -> None:
    study = corpus("an4", write_an4(tmp_path / "an4"), train="official-train", tests=("official-test", "test"))
    with pytest.raises(UserError, match="`official-train` and `test` share speakers"):
        prepare(study, tmp_path / "data")


def test_an_unknown_split_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no split 'official-dev'; there are: train, dev, test, official-train"):
        prepare(corpus("an4", write_an4(tmp_path / "an4"), dev="official-dev"), tmp_path / "data")


def test_a_root_that_is_not_an4_is_named(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(UserError, match=r"an4_train\.\w+ is missing: set the corpus's `root` to AN4's folder"):
        prepare(corpus("an4", tmp_path / "other"), tmp_path / "data")


def test_an_utterance_without_a_transcript_is_left_out(tmp_path: Path) -> None:
    root = write_an4(tmp_path / "an4")
    path = root / "etc" / "an4_train.transcription"
    path.write_text(path.read_text().replace("<s> GO ON </s> (an0-fbbh-b)\n", ""))
    prepare(corpus("an4", root), tmp_path / "data")
    assert [u.id for u in Dataset.open(tmp_path / "data").split("train")] == ["fbbh-an1"]
    assert '"fbbh-an0", "split": "train", "reason": "no transcript"' in (tmp_path / "data/problems.jsonl").read_text()


@pytest.mark.parametrize("part", ["train", "test"])
@pytest.mark.parametrize("line", ["no path", "an4_clstk/fash", "a/b/c/d", "../../etc", "a/../passwd", "a/b c/d"])
def test_a_file_list_of_another_form_is_named(tmp_path: Path, part: str, line: str) -> None:
    root = write_an4(tmp_path / "an4")
    path = root / "etc" / f"an4_{part}.fileids"
    path.write_text(f"{line}\n{path.read_text()}")
    with pytest.raises(UserError, match=rf"an4_{part}\.fileids, line 1: .* is not of the form folder/speaker/name"):
        prepare(corpus("an4", root), tmp_path / "data")


@pytest.mark.parametrize("line", ["<s> GO </s>", "<s> GO </s> (a b)", "(an0-fash-b"])
def test_a_transcript_of_another_form_is_named(tmp_path: Path, line: str) -> None:
    root = write_an4(tmp_path / "an4")
    path = root / "etc" / "an4_train.transcription"
    path.write_text(f"{path.read_text()}{line}\n")
    with pytest.raises(UserError, match=r"an4_train\.transcription, line 7: .* is not of the form words \(name\)"):
        prepare(corpus("an4", root), tmp_path / "data")


def test_a_transcript_that_stands_twice_is_named(tmp_path: Path) -> None:
    root = write_an4(tmp_path / "an4")
    path = root / "etc" / "an4_train.transcription"
    path.write_text(f"{path.read_text()}<s> STOP </s> (an0-fash-b)\n")
    with pytest.raises(UserError, match=r"an4_train\.transcription has an0-fash-b twice"):
        prepare(corpus("an4", root), tmp_path / "data")


@pytest.mark.parametrize("folder", [True, False])
def test_a_list_that_cannot_be_read_is_named(tmp_path: Path, folder: bool) -> None:
    path = (root := write_an4(tmp_path / "an4")) / "etc" / "an4_test.fileids"
    path.write_bytes(b"\xff\xfe")
    if folder:
        path.unlink()
        path.mkdir()
    with pytest.raises(UserError, match=r"an4_test\.fileids cannot be read"):
        prepare(corpus("an4", root), tmp_path / "data")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return cache_folder()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "served" / "an4_sphere.tar.gz"
    path.parent.mkdir()
    with tarfile.open(path, "w:gz") as file:
        file.add(write_an4(tmp_path / "made"), arcname="an4")
    return path


@pytest.fixture
def url(archive: Path) -> Iterator[str]:
    with served(archive.parent) as address:
        yield f"{address}{archive.name}"


def test_a_download_is_used_and_kept(
    tmp_path: Path, cache: Path, archive: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = download(url, content_hash(tmp_path / "made"))
    assert [root] == list(cache.iterdir()) == [cache / "an4"]
    archive.unlink()
    assert download(url) == root
    monkeypatch.setattr(an4, "download", lambda: root)
    prepare(corpus("an4", None), tmp_path / "data")
    assert {u.speaker for u in Dataset.open(tmp_path / "data").split("test")} == {"fash", "fcaw"}


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9])
def test_a_broken_archive_leaves_nothing(tmp_path: Path, cache: Path, archive: Path, url: str, kept: float) -> None:
    archive.write_bytes(archive.read_bytes()[: int(kept * archive.stat().st_size)])
    with pytest.raises(UserError, match=r"an4_sphere\.tar\.gz cannot be unpacked .*download it again"):
        download(url, content_hash(tmp_path / "made"))
    assert not list(cache.iterdir())


def test_other_content_is_refused(cache: Path, url: str) -> None:
    with pytest.raises(UserError, match=r"not the known AN4"):
        download(url)
    assert not list(cache.iterdir())


@pytest.mark.parametrize("there", [True, False])
def test_no_network_is_one_clear_line(cache: Path, url: str, there: bool) -> None:
    address = f"{url}.other" if there else "http://127.0.0.1:9/an4.tar.gz"
    with pytest.raises(UserError, match=r"^.*an4.* cannot be downloaded .*check the network.*set `root`$"):
        download(address)
    assert not list(cache.iterdir())


def test_an_archive_cannot_write_outside(tmp_path: Path, cache: Path, archive: Path, url: str) -> None:
    with tarfile.open(archive, "w:gz") as file:
        file.add(tmp_path / "made" / "etc" / "an4_test.fileids", arcname="../../escaped")
    with pytest.raises(UserError, match="leads outside the folder"):
        download(url)
    assert not list(tmp_path.rglob("escaped"))
