"""Files that others wrote: they can be wrong in any way, and each library raises its own exceptions then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchmark.system.errors import UserError


@contextmanager
def errors_in_one_line(problem: str) -> Iterator[None]:
    """Turn whatever a library raises inside into one line that begins with the problem.

    Raises:
        UserError: something was raised.
    """
    try:
        yield
    except Exception as error:
        raise UserError(f"{problem}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    """Of a message; the second too where the first only announces it."""
    first, *others = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return f"{first} {others[0]}" if first.endswith(":") and others else first
