"""Measurements of the suite's own cost, one per file: `python -m perf.NAME`."""

import os

from benchmark.system.devices import CPU, devices
from benchmark.system.waiting import POLICY, wait_policy

if devices() == [CPU]:
    os.environ[POLICY] = wait_policy(spin=False, job="perf")  # as in a study's job; must come before torch is imported
