"""A full disk at every step of a run: one line, no file is lost, and the same call continues when there is room."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from small_study import RUN, SmallStudy


@pytest.fixture
def filler(small_study: SmallStudy, small_disk: Path) -> Path:
    """Fills the disk that the study's runs are on; delete it to make room."""
    (small_study.work / "runs").symlink_to(small_disk)
    return small_disk / "filler"


def fill(filler: Path, leave: int) -> None:
    """Fill the disk up to `leave` bytes."""
    filler.unlink(missing_ok=True)
    filler.write_bytes(bytes(shutil.disk_usage(filler.parent).free - leave))


def fails(study: SmallStudy, capsys: pytest.CaptureFixture[str], *call: str) -> str:
    """The one line of a call that ends with status 2 and leaves nothing half-written."""
    capsys.readouterr()
    assert study.call(*call) == 2
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert not study.leftovers()
    return error.splitlines()[-1]


def test_a_run(
    small_study: SmallStudy, filler: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHECKPOINT_SECONDS", "0")
    fill(filler, leave=64 * 1024)
    line = fails(small_study, capsys, "compress", "dense")
    assert line.startswith("error: disk full while writing")
    assert line.endswith("runs/dense/model: make room, then run the same command again")
    assert f"runs/{RUN}/checkpoint" in fails(small_study, capsys, "compress", RUN)
    filler.unlink()
    for command in ("compress", "transcribe-tests", "score"):
        assert small_study.call(command, RUN) == 0
    record = small_study.run() / "run.json"
    before = record.read_bytes()
    fill(filler, leave=0)
    assert "run.json: make room" in fails(small_study, capsys, "score", RUN)
    assert record.read_bytes() == before
