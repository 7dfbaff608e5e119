"""Timed jobs lease one device each: as many run at a time as there are devices, and each sees only its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from small_study import RUN, SmallStudy

from benchmark.system.devices import devices, leased_device
from benchmark.system.errors import UserError
from benchmark.system.project import ROOT

LISTED = """GPU 0: Made (UUID: GPU-aaaa)
GPU 1: Made (UUID: GPU-bbbb)
  MIG 1g.10gb     Device  0: (UUID: MIG-cccc)
  MIG 1g.10gb     Device  1: (UUID: MIG-dddd)
"""
JOB = """
import os, sys
from benchmark.system.devices import leased_device
with leased_device("auto", sys.argv[1]):
    print("has", os.environ.get("CUDA_VISIBLE_DEVICES"), flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of its own: no GPU, no lease, no scheduler. Returns the folder of its programs."""
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name in ("CUDA_VISIBLE_DEVICES", "SLURM_JOB_ID"):
        monkeypatch.delenv(name, raising=False)
    return programs


@pytest.fixture
def listed(machine: Path) -> None:
    """`nvidia-smi -L` lists a GPU, and one that is split in two."""
    (machine / "nvidia-smi").write_text(f"#!{sys.executable}\nprint({LISTED!r})\n")
    (machine / "nvidia-smi").chmod(0o755)


@pytest.fixture
def start() -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Start a process that leases a device until it is told a line, or killed."""
    with ExitStack() as stack:

        def job(name: str) -> subprocess.Popen[str]:
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", JOB, name],
                    cwd=ROOT,
                    env=os.environ | {"PYTHONPATH": str(ROOT)},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(process.kill)
            return process

        yield job


class Statistics:
    """What `/proc/stat` says at each look."""

    def __init__(self, *looks: str) -> None:
        self.looks = iter(looks)

    def read_text(self, encoding: str) -> str:
        return next(self.looks)


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def finish(process: subprocess.Popen[str]) -> None:
    process.communicate("\n", timeout=60)
    assert process.returncode == 0


def test_a_machine_without_gpus_is_one_device() -> None:
    assert devices("auto") == devices("cpu") == devices("cuda") == ["cpu"]


@pytest.mark.usefixtures("listed")
def test_gpus_are_those_of_nvidia_smi_and_a_split_one_is_its_parts() -> None:
    assert devices("auto") == ["GPU-aaaa", "MIG-cccc", "MIG-dddd"]
    assert devices("cpu") == ["cpu"]


@pytest.mark.parametrize(
    ("visible", "expected"),
    [("0", ["GPU-aaaa"]), ("2, GPU-aaaa", ["MIG-dddd", "GPU-aaaa"]), ("0,-1,1", ["GPU-aaaa"]), ("", ["cpu"])],
)
@pytest.mark.usefixtures("listed")
def test_visible_devices_are_respected(visible: str, expected: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert devices("auto") == expected


@pytest.mark.usefixtures("listed")
def test_a_gpu_that_is_not_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,7")
    with pytest.raises(UserError, match="names GPU 7, but `nvidia-smi -L` lists 3"):
        devices("auto")


def test_two_jobs_get_two_gpus_and_a_third_waits(
    start: Callable[[str], subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "first,second")
    one = start("one")
    assert line(one) == "has first"
    two = start("two")
    assert line(two) == "has second"
    three = start("three")
    assert line(three) == (
        f"three (process {three.pid}) waits: first is held by one (process {one.pid}); "
        f"second is held by two (process {two.pid})"
    )
    finish(two)
    assert line(three) == "has second"
    finish(three)
    finish(one)


def test_a_killed_job_leaves_its_device(start: Callable[[str], subprocess.Popen[str]]) -> None:
    one = start("one")
    assert line(one) == "has None"
    two = start("two")
    assert line(two).endswith(f"waits: cpu is held by one (process {one.pid})")
    one.kill()
    assert line(two) == "has None"
    finish(two)


@pytest.mark.usefixtures("listed")
def test_a_gpu_is_the_same_by_number_and_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    with leased_device("auto", "by number") as device:
        assert device == os.environ["CUDA_VISIBLE_DEVICES"] == "GPU-aaaa"
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-aaaa,1")
        with leased_device("auto", "by name") as other:
            assert other == "MIG-cccc"
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "GPU-aaaa,1"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "0"


def test_a_study_for_the_cpu_sees_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "first")
    with leased_device("cpu", "a job") as device:
        assert (device, os.environ["CUDA_VISIBLE_DEVICES"]) == ("cpu", "")


@pytest.mark.parametrize(
    ("asked", "used", "inside"),
    [(False, 0, "passive"), (True, 0, "active"), (True, 4, "active"), (True, 40, "passive")],
)
def test_threads_spin_only_where_a_study_asks_for_it_and_the_machine_is_idle(
    asked: bool, used: int, inside: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Other processes used `used` of a hundred ticks of the cores."""
    looks = (f"cpu  {500 + user} 0 0 {500 + idle} 0 0 0 0 0 0\n" for user, idle in ((0, 0), (used, 100 - used)))
    monkeypatch.setattr("benchmark.system.waiting.STATISTICS", Statistics(*looks))
    monkeypatch.setattr("benchmark.system.waiting.LOOK_SECONDS", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    with leased_device("cpu", "a job", spin=asked):
        assert os.environ["OMP_WAIT_POLICY"] == inside
    assert "OMP_WAIT_POLICY" not in os.environ
    line = "a job: other processes keep 0.8 cores busy, so threads do not spin\n"
    assert capsys.readouterr().out == (line if asked and inside == "passive" else "")


@pytest.mark.parametrize("spin", [False, True])
def test_the_user_s_own_policy_is_respected(spin: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    with leased_device("cpu", "a job", spin=spin):
        assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"


@pytest.mark.parametrize(("policy", "asked"), [("passive", ""), ("active", "hardware: {spin: true}\n")])
def test_a_study_s_jobs_wait_as_its_file_says(
    policy: str, asked: str, small_study: SmallStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    monkeypatch.setattr("benchmark.system.waiting.busy_cores", lambda: 0.0)
    seen = []
    monkeypatch.setattr(
        "benchmark.runs.transcripts.transcribe_run", lambda *_: seen.append(os.environ["OMP_WAIT_POLICY"])
    )
    small_study.config.write_text(small_study.config.read_text() + asked)
    assert small_study.call("transcribe-tests", RUN) == 0
    assert seen == [policy]


def test_a_scheduler_has_assigned_devices_already(monkeypatch: pytest.MonkeyPatch) -> None:
    with ExitStack() as held:
        for number in ("17", "18"):  # two jobs of Slurm on one node, each with processors of its own
            monkeypatch.setenv("SLURM_JOB_ID", number)
            assert held.enter_context(leased_device("auto", f"job {number}")) == "cpu"


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
    with (
        pytest.raises(UserError, match=r"cannot keep locks in .*: Not a directory; set TMPDIR to a folder of your own"),
        leased_device("auto", "a"),
    ):
        pass


def lock_folder(tmp_path: Path) -> Path:
    return tmp_path / f"pinchbench-{os.getuid()}"


def test_the_folder_of_locks_is_the_user_s_alone(tmp_path: Path) -> None:
    lock_folder(tmp_path).mkdir(mode=0o755)  # as earlier versions made it
    with leased_device("cpu", "a job"):
        assert lock_folder(tmp_path).stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("kind", ["symbolic", "hard"])
def test_a_link_in_the_place_of_a_lock_leaves_its_target_whole(kind: str, tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("years of work")
    lock_folder(tmp_path).mkdir(mode=0o700)
    lock = lock_folder(tmp_path) / "cpu"
    if kind == "symbolic":
        lock.symlink_to(precious)
    else:
        lock.hardlink_to(precious)
    why = "it is a link" if kind == "symbolic" else "it belongs to another user, or has a second name"
    with (
        pytest.raises(UserError, match=f"cannot use .*/cpu as a lock file: {why}; remove it"),
        leased_device("cpu", "a"),
    ):
        pass
    assert precious.read_text() == "years of work"


def test_a_link_in_the_place_of_the_folder_of_locks_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    lock_folder(tmp_path).symlink_to(tmp_path / "elsewhere")
    with (
        pytest.raises(UserError, match=r"cannot keep locks in .*: it is a link; set TMPDIR"),
        leased_device("cpu", "a"),
    ):
        pass
    assert not list((tmp_path / "elsewhere").iterdir())


def test_another_user_s_folder_of_locks_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    someone = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: someone + 1)
    lock_folder(tmp_path).mkdir()
    with (
        pytest.raises(UserError, match=rf"it belongs to another user \({someone}\); set TMPDIR"),
        leased_device("cpu", "a"),
    ):
        pass
    assert not list(lock_folder(tmp_path).iterdir())
