"""A lock is held by one process and outlives none."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmark.errors import UserError
from benchmark.lock import exclusive, in_use


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    lock = tmp_path / "run" / "lock"
    assert not in_use(lock)
    with exclusive(lock, "run a"):
        assert in_use(lock)
        with pytest.raises(UserError, match="run a is at work in another process"), exclusive(lock, "run a"):
            pass
    assert not in_use(lock)
