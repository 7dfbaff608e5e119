"""Ctrl-C and kill -9 in the middle of a run: the next call continues and ends with the same bytes."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest
from conftest import MakeJob
from small_study import RUN, SmallStudy

from benchmark.system.files import read_json
from benchmark.toolbox.job import Job
from benchmark.training.hooks import State


def finished(study: SmallStudy) -> dict[str, bytes]:
    """Run `compress` to its end and return what it made."""
    assert study.call("compress", RUN) == 0
    assert read_json(study.run() / "compress.json")["status"] == "ok"
    assert not (study.run() / "checkpoint").exists()
    assert not study.leftovers()
    return study.result()


def test_an_interrupted_run_goes_on_to_the_same_bytes(published: SmallStudy) -> None:
    uninterrupted = published.result()
    shutil.rmtree(published.run())
    stopped = published.process("compress", RUN, SIGNAL=str(int(signal.SIGINT)))
    assert stopped.returncode == 130
    assert stopped.stderr.splitlines()[-1] == "interrupted: run the same command again to continue"
    assert "Traceback" not in stopped.stderr
    assert not (published.run() / "compress.json").exists()
    assert list(published.run().glob("checkpoint/*/phase1.pt"))
    assert finished(published) == uninterrupted


def test_a_killed_run_goes_on_from_its_checkpoint_to_the_same_bytes(published: SmallStudy) -> None:
    uninterrupted = published.result()
    shutil.rmtree(published.run())
    killed = published.process("compress", RUN, SIGNAL=str(int(signal.SIGKILL)), CHECKPOINT_SECONDS="0")
    assert killed.returncode == -signal.SIGKILL
    assert list(published.run().glob("checkpoint/*/phase1.pt"))
    assert finished(published) == uninterrupted


def test_what_was_logged_before_an_interruption_is_kept(
    make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmark.training.loop.CURVE_POINTS", 1)  # the curves hold the first step only

    def train(broken_at: int) -> Job:
        def log_once(state: State) -> None:
            if state.step == 3:
                job.log(seen=3.0)
            if state.step == broken_at:
                raise RuntimeError("killed")

        job = make_job(tmp_path, checkpoint_seconds=0)
        job.train(job.model, learning_rate=1e-4, after_step=log_once)
        return job

    with pytest.raises(RuntimeError, match="killed"):
        train(broken_at=6)
    assert train(broken_at=-1).last["seen"] == 3


def test_a_damaged_checkpoint_is_named_and_nothing_is_lost(
    published: SmallStudy, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    uninterrupted = published.result()
    shutil.rmtree(published.run())
    with monkeypatch.context() as environment:
        environment.setenv("SIGNAL", str(int(signal.SIGINT)))
        assert published.call("compress", RUN) == 130
    (checkpoint,) = published.run().glob("checkpoint/*/phase1.pt")
    whole = checkpoint.read_bytes()
    checkpoint.write_bytes(whole[: len(whole) // 2])
    capsys.readouterr()
    assert published.call("compress", RUN) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(f"error: checkpoint {checkpoint} cannot be read")
    assert error.endswith("delete it to start over")
    assert checkpoint.stat().st_size == len(whole) // 2
    checkpoint.unlink()
    assert finished(published) == uninterrupted
