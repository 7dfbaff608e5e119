"""Files appear completely or not at all: full disks, forbidden places, and what killed processes leave behind."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from benchmark.system.errors import UserError
from benchmark.system.files import atomic_write, sweep, write_text
from benchmark.training.checkpoint import save_checkpoint

DEAD = subprocess.Popen(["true"])
DEAD.wait()


def left_by(pid: int, path: Path, kind: str) -> Path:
    """The temporary path that a process of this machine uses for `path`."""
    return path.parent / f".{path.name}.{socket.gethostname()}.{pid}.{kind}"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_one_line_and_leaves_the_old_file(tmp_path: Path, number: int) -> None:
    path = tmp_path / "file"
    write_text(path, "old")

    def write() -> None:
        with atomic_write(path) as partial:
            partial.write_text("half")
            raise OSError(number, os.strerror(number))

    with pytest.raises(UserError, match=r"disk full while writing .*/file: make room"):
        write()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_file_that_cannot_be_read_is_not_called_unwritable(tmp_path: Path) -> None:
    def decode() -> None:
        with atomic_write(tmp_path / "work" / "data"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(tmp_path / "corpus" / "a.flac"))

    with pytest.raises(PermissionError, match=r"corpus/a\.flac"):
        decode()


def write_checkpoint(path: Path) -> None:
    save_checkpoint(path, {"weights": torch.zeros(2_000_000)})


def write_tensors(path: Path) -> None:
    with atomic_write(path) as partial:
        partial.mkdir()
        save_file({"weights": torch.zeros(2_000_000)}, partial / "model.safetensors")


def write_array(path: Path) -> None:
    with atomic_write(path) as partial, partial.open("wb") as file:
        np.zeros(2_000_000).tofile(file)


@pytest.mark.parametrize("write", [write_checkpoint, write_tensors, write_array])
def test_every_library_says_that_a_real_disk_is_full(small_disk: Path, write: Callable[[Path], None]) -> None:
    with pytest.raises(UserError, match=r"disk full while writing .*/disk/file: make room"):
        write(small_disk / "file")
    assert not list(small_disk.iterdir())


def test_other_errors_pass(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), atomic_write(tmp_path / "file") as partial:
        partial.write_text(str(1 / 0))
    assert not list(tmp_path.iterdir())


def test_a_file_in_the_way_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot write .*file/name: .*choose a folder"):
        write_text(tmp_path / "file" / "name", "text")


def test_the_next_writer_sweeps_what_killed_processes_left(tmp_path: Path) -> None:
    path = tmp_path / "model"
    left_by(DEAD.pid, path, "partial").mkdir()
    (left_by(DEAD.pid, path, "partial") / "half").write_text("")
    left_by(os.getpid(), path, "partial").write_text("of an earlier process of this number")
    write_text(path, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


def test_what_others_write_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "model"
    others = [left_by(os.getppid(), path, "partial"), tmp_path / f".model.elsewhere.{DEAD.pid}.partial"]
    for other in others:
        other.write_text("half")
    write_text(path, "new")
    assert sorted(tmp_path.iterdir()) == sorted([path, *others])


@pytest.mark.parametrize("kind", ["partial", "partial.unpacked", "partial.a1b2.partial"])
def test_the_next_writer_in_a_folder_sweeps_what_was_left_under_other_names(tmp_path: Path, kind: str) -> None:
    left_by(DEAD.pid, tmp_path / "data", kind).mkdir()
    (left_by(DEAD.pid, tmp_path / "data", kind) / "half").write_text("")
    write_text(tmp_path / "model", "new")
    assert [p.name for p in tmp_path.iterdir()] == ["model"]


def test_two_files_of_one_process_do_not_sweep_each_other(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "first") as partial:
        partial.write_text("first")
        write_text(tmp_path / "second", "second")
    assert (tmp_path / "first").read_text() == "first"


def test_sweeping_a_tree(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "unplanned"
    run.mkdir(parents=True)
    left_by(DEAD.pid, run / "model", "partial").mkdir()
    left_by(DEAD.pid, tmp_path / "data", "old").mkdir()
    (run / "record").write_text("kept")
    sweep(tmp_path)
    assert {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")} == {
        "data",
        "runs",
        "runs/unplanned",
        "runs/unplanned/record",
    }


def test_a_folder_that_was_about_to_be_replaced_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "model"
    left_by(DEAD.pid, path, "old").mkdir()
    (left_by(DEAD.pid, path, "old") / "weights").write_text("old")
    with pytest.raises(ZeroDivisionError), atomic_write(path):
        raise ZeroDivisionError
    assert (path / "weights").read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
