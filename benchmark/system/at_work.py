"""The lock that a running job holds, and a file beside it with one line: stage and progress. No torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmark.system.lock import exclusive, in_use


class _Line:
    """The progress line of this process's job, if it has one. A process does one job at a time."""

    path: Path | None = None
    stage: str = ""


@contextmanager
def at_work(lock: Path, what: str, stage: str) -> Iterator[None]:
    """Hold a job's lock and write its progress beside it: `stage`, and what its progress bars show.

    Raises:
        UserError: another process holds the lock; the message names `what` the lock is for.
    """
    with exclusive(lock, what):
        _Line.path = _beside(lock)
        enter(stage)
        try:
            yield
        finally:
            with suppress(OSError):
                _Line.path.unlink()
            _Line.path = None


def enter(stage: str) -> None:
    """Write that this process's job has entered a stage."""
    _Line.stage = stage
    _write("")


def doing(lock: Path) -> str | None:
    """Progress of the process that holds a lock, such as `compress, train phase 2, 43 %`; None if no process does."""
    if not in_use(lock):
        return None
    try:
        return " ".join(_beside(lock).read_text(encoding="utf-8").split())
    except (OSError, ValueError):
        return ""  # it has just begun, or its progress cannot be read


class Bar(tqdm):  # type: ignore[type-arg]
    """A progress bar for one part of a stage. Each time it is drawn, it is also written beside the job's lock."""

    def display(self, *args: Any, **options: Any) -> Any:
        """Draw the bar."""
        done = f"{100 * self.n / self.total:.0f} %" if self.total else f"{self.n} {self.unit}"
        _write(f"{self.desc}, {done}")
        return super().display(*args, **options)


def _write(part: str) -> None:
    """Replace the progress line. No result depends on it, so a failure to write it is ignored."""
    path = _Line.path
    if path is None:
        return
    new = path.with_suffix(".new")
    with suppress(OSError):
        new.write_text(f"{_Line.stage}, {part}" if part else _Line.stage, encoding="utf-8")
        new.replace(path)


def _beside(lock: Path) -> Path:
    return lock.with_name(f"{lock.name}.progress")
