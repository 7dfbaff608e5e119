"""A job at work: the lock that it holds and, in a line beside it, its stage and how far that is. No torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmark.system.lock import exclusive, in_use


class _Line:
    """The line of this process's job, if it has one: a process does one job at a time."""

    path: Path | None = None
    stage: str = ""


@contextmanager
def at_work(lock: Path, what: str, stage: str) -> Iterator[None]:
    """Hold a job's lock and say beside it what is being done: `stage`, and what its progress bars show.

    Raises:
        UserError: another process holds the lock; says `what` it is about.
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
    """Say that this process's job is at a stage now."""
    _Line.stage = stage
    _write("")


def doing(lock: Path) -> str | None:
    """What the process that holds a lock says of itself, such as `compress, train phase 2, 43 %`; None if none does."""
    if not in_use(lock):
        return None
    try:
        return " ".join(_beside(lock).read_text(encoding="utf-8").split())
    except (OSError, ValueError):
        return ""  # it has just begun, or does not say


class Bar(tqdm):  # type: ignore[type-arg]
    """A progress bar of one part of a stage. Whenever it is drawn, it is written beside the lock of the job too."""

    def display(self, *args: Any, **options: Any) -> Any:
        """Draw the bar."""
        done = f"{100 * self.n / self.total:.0f} %" if self.total else f"{self.n} {self.unit}"
        _write(f"{self.desc}, {done}")
        return super().display(*args, **options)


def _write(part: str) -> None:
    """Replace the line. It is no part of any result: that it cannot be written stops nothing."""
    path = _Line.path
    if path is None:
        return
    new = path.with_suffix(".new")
    with suppress(OSError):
        new.write_text(f"{_Line.stage}, {part}" if part else _Line.stage, encoding="utf-8")
        new.replace(path)


def _beside(lock: Path) -> Path:
    return lock.with_name(f"{lock.name}.progress")
