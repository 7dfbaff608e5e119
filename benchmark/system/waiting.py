"""How OpenMP's threads wait for work: asleep or spinning. Does not import torch, which reads the setting on import."""

from __future__ import annotations

import os
import time
from pathlib import Path

POLICY = "OMP_WAIT_POLICY"
STATISTICS = Path("/proc/stat")
LOOK_SECONDS = 0.5
IDLE = 0.1  # cores in use on an idle machine


def wait_policy(spin: bool, job: str) -> str:
    """`passive`, unless the study asks for spinning threads and the machine is idle. A set OMP_WAIT_POLICY is kept.

    Spinning saves the time to wake threads, up to a tenth of a small model's step. When other processes run, a
    spinning thread takes CPU time from the thread that it waits for.

    Args:
        spin: the study's `hardware.spin`.
        job: name of the job, for the line that says why its threads do not spin.
    """
    if POLICY in os.environ:
        return os.environ[POLICY]
    if not spin:
        return "passive"
    busy = busy_cores()
    if busy > IDLE:
        print(f"{job}: other processes keep {busy:.1f} cores busy, so threads do not spin", flush=True)
        return "passive"
    return "active"


def busy_cores() -> float:
    """Average number of busy cores, measured over half a second in which this process sleeps.

    The load average would include the study's own last job. It is used only if the system has no /proc/stat.
    """
    try:
        before = _used_and_idle()
        time.sleep(LOOK_SECONDS)
        used, idle = (after - then for after, then in zip(_used_and_idle(), before, strict=True))
    except OSError:
        return os.getloadavg()[0]
    return (os.cpu_count() or 1) * used / max(1, used + idle)


def _used_and_idle() -> tuple[int, int]:
    """Used and idle ticks since the machine started, summed over all cores."""
    # user, nice, system, idle, iowait, irq, softirq, steal
    ticks = [int(number) for number in STATISTICS.read_text(encoding="ascii").splitlines()[0].split()[1:9]]
    idle = ticks[3] + ticks[4]
    return sum(ticks) - idle, idle
