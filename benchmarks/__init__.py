"""What the suite itself costs: one file a measure, `python -m benchmarks.NAME`."""

import os

from benchmark.devices import CPU, SPIN, WAIT, devices

if devices() == [CPU]:
    os.environ.setdefault(WAIT, SPIN)  # before torch is imported; as a job has it that leases the CPU
