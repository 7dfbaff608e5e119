"""What the suite itself costs: one file a measure, `python -m benchmarks.NAME`."""

import os

from benchmark.devices import CPU, devices
from benchmark.waiting import POLICY, wait_policy

if devices() == [CPU]:
    os.environ[POLICY] = wait_policy(spin=False, job="benchmarks")  # before torch is imported; as a study's job has it
