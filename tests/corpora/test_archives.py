"""An archive writes below its folder or not at all; the code is the same for every corpus."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from made_corpora import corpus, write_librispeech
from web_server import Breaking, served

from benchmark.corpora import librispeech_download, prepare
from benchmark.corpora.archives import unpack
from benchmark.corpora.choice import CorpusConfig
from benchmark.corpora.manifest import Dataset
from benchmark.system.errors import UserError
from benchmark.system.files import hash_file


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, target, 4 if kind == tarfile.REGTYPE else 0
    return info


def archive_of(path: Path, *members: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as file:
        for info in members:
            file.addfile(info, io.BytesIO(b"text"))
    return path


LEADS_OUT = {
    "member": (member("../escaped"),),
    "deep member": (member("LibriSpeech/../../escaped"),),
    "absolute member": (member("/tmp/pinchbench-escaped"),),
    "link": (member("link", tarfile.SYMTYPE, "../.."), member("link/escaped")),
    "absolute link": (member("link", tarfile.SYMTYPE, "/tmp"), member("link/pinchbench-escaped")),
    "hard link": (member("link", tarfile.LNKTYPE, "../outside"),),
    "device": (member("device", tarfile.CHRTYPE),),
    "pipe": (member("pipe", tarfile.FIFOTYPE),),
    "long name": (member("a" * 300),),
    "file for a folder": (member("a"), member("a/b")),
}


@pytest.mark.parametrize("members", LEADS_OUT.values(), ids=LEADS_OUT)
def test_what_leads_out_of_the_folder_is_refused(tmp_path: Path, members: tuple[tarfile.TarInfo, ...]) -> None:
    (tmp_path / "outside").write_text("kept")
    folder = tmp_path / "folder"
    with tarfile.open(archive_of(tmp_path / "a.tar.gz", *members)) as file, pytest.raises(tarfile.TarError):
        unpack(file, folder)
    assert not list(tmp_path.rglob("*escaped"))
    assert not Path("/tmp/pinchbench-escaped").exists()
    assert not any(path.is_symlink() for path in tmp_path.rglob("*"))
    assert (tmp_path / "outside").stat().st_nlink == 1


def test_a_link_that_stays_inside_is_left_out(tmp_path: Path) -> None:
    members = member("a/file"), member("a/link", tarfile.SYMTYPE, "file"), member("hard", tarfile.LNKTYPE, "a/file")
    with tarfile.open(archive_of(tmp_path / "a.tar.gz", *members)) as file:
        unpack(file, tmp_path / "folder")
    assert [p.name for p in (tmp_path / "folder").rglob("*") if p.is_file()] == ["file"]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """LibriSpeech, its test set still packed."""
    root = write_librispeech(tmp_path / "root")
    (root / "LibriSpeech" / "test-clean").rename(tmp_path / "test-clean")
    with tarfile.open(root / "test-clean.tar.gz", "w:gz") as file:
        file.add(tmp_path / "test-clean", arcname="LibriSpeech/test-clean")
    publish(root / "test-clean.tar.gz", monkeypatch)
    return root


def publish(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the checks accept an archive as the published one."""
    monkeypatch.setitem(librispeech_download.ARCHIVES, archive.name.removesuffix(".tar.gz"), hash_file(archive))


def libri(root: Path) -> CorpusConfig:
    splits = {"train": "train-clean-100", "dev": "dev-clean", "tests": ("test-clean",)}
    return corpus("librispeech", root, download=True, partial=True, **splits)


def test_an_archive_in_the_root_is_unpacked(tmp_path: Path, root: Path) -> None:
    prepare(libri(root), tmp_path / "data")
    assert len(Dataset.open(tmp_path / "data").split("test-clean")) == 3
    assert sorted(p.name for p in (root / "LibriSpeech").iterdir()) == ["dev-clean", "test-clean", "train-clean-100"]


def test_an_archive_other_than_the_published_one_is_refused(tmp_path: Path, root: Path) -> None:
    archive = archive_of(root / "test-clean.tar.gz", member("../escaped"))
    with pytest.raises(UserError, match=r"test-clean\.tar\.gz is not the published archive"):
        prepare(libri(root), tmp_path / "data")
    assert not list(tmp_path.rglob("escaped"))
    assert archive.exists()


@pytest.mark.parametrize("name", ["member", "link", "absolute link", "hard link"])
def test_even_a_published_archive_writes_nothing_outside(
    tmp_path: Path, root: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(archive_of(root / "test-clean.tar.gz", *LEADS_OUT[name]), monkeypatch)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserError, match=r"test-clean\.tar\.gz cannot be unpacked .* leads outside the folder"):
        prepare(libri(root), tmp_path / "data")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.99])
def test_an_archive_cut_short_leaves_nothing(
    tmp_path: Path, root: Path, kept: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = root / "test-clean.tar.gz"
    archive.write_bytes(archive.read_bytes()[: int(kept * archive.stat().st_size)])
    publish(archive, monkeypatch)
    with pytest.raises(UserError, match=r"cannot be unpacked"):
        prepare(libri(root), tmp_path / "data")
    assert sorted(p.name for p in (root / "LibriSpeech").iterdir()) == ["dev-clean", "train-clean-100"]


def test_a_download_is_verified(tmp_path: Path, root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "served"
    folder.mkdir()
    (root / "test-clean.tar.gz").rename(folder / "test-clean.tar.gz")
    (folder / "dev-other.tar.gz").write_bytes(b"another file")
    with served(folder) as url:
        with pytest.raises(UserError, match=r"dev-other\.tar\.gz cannot be downloaded .*hash") as refusal:
            librispeech_download.download("dev-other", root, url)
        assert "\n" not in str(refusal.value)
        assert not list(root.glob("*.tar.gz")) + list(root.glob(".*"))
        librispeech_download.download("test-clean", root, url)
    assert (root / "LibriSpeech" / "test-clean" / "61").is_dir()
    assert "100%" in capfd.readouterr().err


def test_a_connection_that_breaks_leaves_nothing(root: Path) -> None:
    before = sorted(root.rglob("*"))
    (root / "dev-other.tar.gz").write_bytes(b"content")
    with served(root, Breaking) as url, pytest.raises(UserError, match=r"cannot be downloaded .*put dev-other"):
        librispeech_download.download("dev-other", root / "elsewhere", url)
    assert not list((root / "elsewhere").iterdir())
    (root / "elsewhere").rmdir()
    (root / "dev-other.tar.gz").unlink()
    assert sorted(root.rglob("*")) == before


def test_no_network_is_one_clear_line(root: Path) -> None:
    with pytest.raises(UserError, match=r"dev-other\.tar\.gz cannot be downloaded .*check the network"):
        librispeech_download.download("dev-other", root, "http://127.0.0.1:9/")
