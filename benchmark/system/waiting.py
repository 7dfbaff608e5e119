"""How OpenMP's threads wait for work on a CPU: asleep, or spinning. Does not import torch, which reads it at once."""

from __future__ import annotations

import os
import time
from pathlib import Path

POLICY = "OMP_WAIT_POLICY"
STATISTICS = Path("/proc/stat")
LOOK_SECONDS = 0.5
IDLE = 0.1  # cores in use, of a machine that does nothing


def wait_policy(spin: bool, job: str) -> str:
    """`passive`, unless the study asks for threads that spin and the machine has nothing else to do.

    Spinning saves the time to wake threads, up to a tenth of a small model's step. Beside other processes a thread that
    spins takes the time that the one it waits for needs. Whoever sets OMP_WAIT_POLICY knows better.

    Args:
        spin: the study's `hardware.spin`.
        job: for the line that says why its threads do not spin.
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
    """How many cores are at work while this process looks on for half a second.

    The load average would count the study's own last job; it stands in where the system keeps no such statistics.
    """
    try:
        before = _used_and_idle()
        time.sleep(LOOK_SECONDS)
        used, idle = (after - then for after, then in zip(_used_and_idle(), before, strict=True))
    except OSError:
        return os.getloadavg()[0]
    return (os.cpu_count() or 1) * used / max(1, used + idle)


def _used_and_idle() -> tuple[int, int]:
    """Ticks of all cores together since the machine started."""
    # user, nice, system, idle, iowait, irq, softirq, steal
    ticks = [int(number) for number in STATISTICS.read_text(encoding="ascii").splitlines()[0].split()[1:9]]
    idle = ticks[3] + ticks[4]
    return sum(ticks) - idle, idle
