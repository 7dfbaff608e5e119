"""Measurements of the suite's own cost, one per file: `python -m perf.NAME`."""

import os
import sys
from collections.abc import Callable

from benchmark.system.devices import CPU, devices
from benchmark.system.errors import UserError
from benchmark.system.waiting import POLICY, wait_policy


def run(main: Callable[[], None]) -> None:
    """Run a measurement; an error that the user can fix ends in one line."""
    try:
        main()
    except UserError as error:
        sys.exit(f"error: {error}")


def _wait_as_in_a_job() -> None:
    if devices() == [CPU]:
        os.environ[POLICY] = wait_policy(spin=False, job="perf")


run(_wait_as_in_a_job)  # before torch is imported
