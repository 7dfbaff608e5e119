"""What the suite itself costs: one file a measure, `python -m benchmarks.NAME`."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "active")  # before torch is imported; as a job has it that leases the CPU
