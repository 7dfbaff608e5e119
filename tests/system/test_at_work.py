"""What a job writes about itself beside its lock while it holds it."""

from __future__ import annotations

from pathlib import Path

from benchmark.system.at_work import Bar, at_work, doing, enter


def test_a_job_says_its_stage_and_how_far_it_is(tmp_path: Path) -> None:
    lock = tmp_path / "run" / "lock"
    assert doing(lock) is None
    with at_work(lock, "a run", "compress"):
        assert doing(lock) == "compress"
        with Bar(total=4, desc="train phase 1", mininterval=0, miniters=1) as bar:
            bar.update()
            assert doing(lock) == "compress, train phase 1, 25 %"
        enter("tune, trial 2 of 4")
        assert doing(lock) == "tune, trial 2 of 4"
        for _ in Bar(iter("ab"), desc="train", unit="utt", mininterval=0, miniters=1):
            pass
        assert doing(lock) == "tune, trial 2 of 4, train, 2 utt"
    assert doing(lock) is None
    assert [path.name for path in lock.parent.iterdir()] == ["lock"]


def test_a_line_that_cannot_be_read_or_written_stops_nothing(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with at_work(lock, "a run", "compress"):
        (tmp_path / "lock.progress").unlink()
        (tmp_path / "lock.progress").mkdir()
        enter("transcribe")
        assert doing(lock) == ""


def test_bars_of_no_job_are_written_nowhere(tmp_path: Path) -> None:
    for _ in Bar(range(2), desc="transcribe"):
        pass
    assert list(tmp_path.iterdir()) == []
