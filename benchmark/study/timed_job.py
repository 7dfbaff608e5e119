"""What a job of a study holds while it runs on a device: its lock, and the device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmark.study.plan import Study
from benchmark.system.at_work import at_work
from benchmark.system.devices import leased_device


@contextmanager
def timed_job(study: Study, lock: Path, what: str, stage: str) -> Iterator[None]:
    """Hold a job's lock, write its progress beside it, and lease a device, so that no other job disturbs its times.

    Import torch inside only: it must not look for GPUs before one is leased.

    Raises:
        UserError: another process holds the lock, or the study's device does not exist.
    """
    with at_work(lock, what, stage), leased_device(study.hardware.device, what, spin=study.hardware.spin):
        yield
