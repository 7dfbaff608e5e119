"""Errors in files that others wrote: each library raises its own exceptions, which become one line here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from benchmark.system.errors import UserError


@contextmanager
def errors_in_one_line(problem: str) -> Iterator[None]:
    """Turn whatever a library raises inside into one line that begins with the problem.

    Raises:
        UserError: the library raised an exception.
    """
    try:
        yield
    except Exception as error:
        raise UserError(f"{problem}: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    """The first line of a message, with the second one if the first ends in a colon."""
    first, *others = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return f"{first} {others[0]}" if first.endswith(":") and others else first
