"""What the suite itself costs: one file a measure, `python -m perf.NAME`."""

import os

from benchmark.system.devices import CPU, devices
from benchmark.system.waiting import POLICY, wait_policy

if devices() == [CPU]:
    os.environ[POLICY] = wait_policy(spin=False, job="perf")  # before torch is imported; as a study's job has it
