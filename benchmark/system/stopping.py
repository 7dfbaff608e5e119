"""Let SIGTERM to Snakemake end its jobs as Ctrl-C does. By default Snakemake lets them finish, which may take hours."""

from __future__ import annotations

import os
import signal
from types import FrameType

import psutil  # type: ignore[import-untyped]

JOB = ["-m", "benchmark"]  # arguments of a job's Python process; the shell around it has others


def stop_with_jobs_at_sigterm() -> None:
    """From now on, forward SIGTERM to the jobs that this process has started, and then interrupt this process.

    Training then writes a checkpoint (`benchmark/system/interrupt.py`). Once interrupted, Snakemake waits for its jobs.
    """
    signal.signal(signal.SIGTERM, _stop)


def _stop(_number: int, _frame: FrameType | None) -> None:
    for process in psutil.Process(os.getpid()).children(recursive=True):
        try:
            if process.cmdline()[1:3] == JOB:
                process.terminate()
        except psutil.NoSuchProcess:
            continue
    raise KeyboardInterrupt
