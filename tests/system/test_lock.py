"""A lock is held by one process and ends with it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.system.errors import UserError
from benchmark.system.lock import exclusive, in_use


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    lock = tmp_path / "run" / "lock"
    assert not in_use(lock)
    with exclusive(lock, "run a"):
        assert in_use(lock)
        with pytest.raises(UserError, match="run a is at work in another process"), exclusive(lock, "run a"):
            pass
    assert not in_use(lock)


@pytest.mark.parametrize("place", ["folder", "link", "dangling link", "pipe"])
def test_what_is_no_lock_file_is_one_line(place: str, tmp_path: Path) -> None:
    lock, target = tmp_path / "lock", tmp_path / "target"
    if place == "folder":
        lock.mkdir()
    elif place == "pipe":
        os.mkfifo(lock)
    else:
        lock.symlink_to(target)
    if place == "link":
        target.write_text("whole")
    why = {"folder": "it is a folder", "pipe": "it is not a plain file"}.get(place, "it is a link")
    for look in (lambda: exclusive(lock, "run a").__enter__(), lambda: in_use(lock)):
        with pytest.raises(UserError, match=f"cannot use .*/lock as a lock file: {why}; remove it"):
            look()
    assert target.exists() == (place == "link")


def test_a_run_s_folder_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "run").touch()
    with (
        pytest.raises(UserError, match=r"cannot create the folder .*/run: File exists"),
        exclusive(tmp_path / "run" / "lock", "a"),
    ):
        pass


def test_a_killed_holder_lets_go(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    hold = "import sys, time; from pathlib import Path; from benchmark.system.lock import exclusive\n"
    hold += "with exclusive(Path(sys.argv[1]), 'run a'): print('held', flush=True); time.sleep(600)"
    holder = subprocess.Popen([sys.executable, "-c", hold, lock], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert in_use(lock)
    holder.kill()
    holder.communicate()
    with exclusive(lock, "run a"):
        assert lock.exists()
