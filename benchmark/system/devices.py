"""Available GPUs, and the lease that gives each timed job a device of its own. Does not import torch."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Literal

from benchmark.system.errors import UserError
from benchmark.system.lock import first_free, private_folder
from benchmark.system.waiting import POLICY, wait_policy

Device = Literal["auto", "cpu", "cuda"]
CPU = "cpu"
VISIBLE = "CUDA_VISIBLE_DEVICES"
NO_MORE = ("", "-1", "NoDevFiles")  # CUDA stops reading the variable here; the last is from older Slurm versions


def devices(asked: Device = "auto") -> list[str]:
    """The devices that timed jobs may lease: the visible GPUs, or the CPU, which counts as one device.

    A GPU is named by its UUID, or by its name in CUDA_VISIBLE_DEVICES if nvidia-smi does not list it.

    Raises:
        UserError: CUDA_VISIBLE_DEVICES names a GPU that does not exist.
    """
    return [CPU] if asked == "cpu" else _visible_gpus() or [CPU]


@contextmanager
def leased_device(asked: Device, job: str, *, spin: bool = False) -> Iterator[str]:
    """Hold a device for this process alone and hide the others. Wait for a free one if necessary, and print that.

    Enter it before torch is imported: on import, torch looks for GPUs and settles how its threads wait. All studies of
    a user on a machine share the lock files. A Slurm job has its own, since the scheduler already keeps other jobs off
    the devices that it assigned.

    Args:
        asked: the study's `hardware.device`.
        job: name of the holder, shown to the jobs that wait.
        spin: the study's `hardware.spin`; it matters for jobs on the CPU.

    Raises:
        UserError: CUDA_VISIBLE_DEVICES names a GPU that does not exist, or the lock files cannot be written.
    """
    folder = _lock_folder()
    locks = {folder / device.replace("/", "-"): device for device in devices(asked)}
    with first_free(list(locks), f"{job} (process {os.getpid()})") as lock:
        device = locks[lock]
        variables = _of_the_cpu(asked, job, spin) if device == CPU else {VISIBLE: device}
        with _environment(variables):
            yield device


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Set environment variables, and restore them afterwards."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _of_the_cpu(asked: Device, job: str, spin: bool) -> dict[str, str]:
    """Environment variables for a job on the CPU."""
    hidden = {VISIBLE: ""} if asked == "cpu" else {}
    return {POLICY: wait_policy(spin, job), **hidden}


def _lock_folder() -> Path:
    """The user's own folder of lock files, which all studies and sessions share."""
    folder = Path(tempfile.gettempdir(), f"pinchbench-{os.getuid()}")
    private_folder(folder)
    if job := os.environ.get("SLURM_JOB_ID"):
        folder /= f"slurm-{job}"
        private_folder(folder)
    return folder


def _visible_gpus() -> list[str]:
    there = _listed_gpus()
    if VISIBLE not in os.environ:
        return there
    names = takewhile(lambda name: name not in NO_MORE, (name.strip() for name in os.environ[VISIBLE].split(",")))
    return [_gpu(name, there) for name in names]


def _gpu(name: str, there: list[str]) -> str:
    """The UUID of a GPU that is given by its number, so that every name of a GPU leads to the same lock file."""
    if not name.isdigit() or not there:
        return name
    if int(name) >= len(there):
        raise UserError(
            f"{VISIBLE} names GPU {name}, but `nvidia-smi -L` lists {len(there)}: set it to GPUs that exist"
        )
    return there[int(name)]


def _listed_gpus() -> list[str]:
    """UUIDs in the order of nvidia-smi. A split GPU (MIG) is listed as its parts. Empty without an NVIDIA driver."""
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return []
    uuids = re.findall(r"UUID: ((?:GPU|MIG)-[^)\s]+)", listed.stdout if listed.returncode == 0 else "")
    return [
        one for one, following in pairwise([*uuids, ""]) if one.startswith("MIG") or not following.startswith("MIG")
    ]
