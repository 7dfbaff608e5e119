"""SIGTERM to Snakemake ends its jobs as Ctrl-C does. By itself it would let them run to their end, for hours maybe."""

from __future__ import annotations

import os
import signal
from types import FrameType

import psutil  # type: ignore[import-untyped]

JOB = ["-m", "benchmark"]  # arguments of the Python process that is a job, not of the shell around it


def stop_with_jobs_at_sigterm() -> None:
    """From now on SIGTERM reaches the jobs that this process has started, and then interrupts it.

    Training answers by a checkpoint (`benchmark/system/interrupt.py`). Snakemake, interrupted, waits for its jobs.
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
