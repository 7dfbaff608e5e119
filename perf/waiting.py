"""Effect of the wait policy of threads on plain and gated steps, on an idle machine and beside busy processes.

Run it from the top folder of an idle machine: `python -m perf.waiting [--rounds N] [--json FILE]`. A policy is the
number of checks for work before a thread goes to sleep, GNU OpenMP's `GOMP_SPINCOUNT`. Each policy is timed in a
process of its own. They take turns, so that a temporary slowdown of the machine affects all.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from tabulate import tabulate

from benchmark.runs.provenance import provenance
from benchmark.system.files import write_json
from benchmark.training.precision import device_name, pick_device
from perf import run
from perf.gate_cost import Measurement, measure

LOOKS = {"asleep at once": 0, "a short spin": 1000, "OpenMP's default": 300_000, "spinning": 30_000_000_000}
MODEL = "embedded"


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """Run this many processes that compute all the time."""
    with ExitStack() as stack:
        for _ in range(processes):
            process = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            stack.callback(process.wait)
            stack.callback(process.kill)
        yield


def timed(looks: int, work: Path) -> Measurement:
    """Times of plain and gated steps in a process whose threads check for work `looks` times before they sleep."""
    ran = subprocess.run(
        [sys.executable, "-m", "perf.waiting", "--steps-only", str(work)],
        env=os.environ | {"GOMP_SPINCOUNT": str(looks)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Measurement(**json.loads(ran.stdout.splitlines()[-1]))


def summary(policy: str, beside: int, measured: list[Measurement]) -> list[str]:
    """One row of the table."""
    plain, gated = ([t for m in measured for t in getattr(m, side)] for side in ("plain", "gated"))
    low, middle, high = Measurement(MODEL, measured[0].batch_seconds, plain, gated).quartiles
    medians = [f"{statistics.median(times):.3f}" for times in (plain, gated)]
    return [policy, str(beside), *medians, f"{middle:.3f} ({low:.3f} to {high:.3f})"]


def main() -> None:
    """Measure, print the table, and write all times to a file if asked."""
    parser = argparse.ArgumentParser(prog="python -m perf.waiting", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all times, and where they were measured")
    parser.add_argument("--steps-only", type=Path, metavar="WORK", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.steps_only:
        print(json.dumps(asdict(measure(MODEL, args.steps_only))))
        return
    found: dict[tuple[str, int], list[Measurement]] = {
        (policy, beside): [] for beside in (0, os.cpu_count() or 1) for policy in LOOKS
    }
    with tempfile.TemporaryDirectory() as work:
        for _ in range(args.rounds):
            for (policy, beside), measured in found.items():
                with busy(beside):
                    measured.append(timed(LOOKS[policy], Path(work)))
                print(policy, f"beside {beside} busy processes:", measured[-1].sentence(), flush=True)
    head = ["threads that wait", "busy processes beside", "plain step (s)", "gated step (s)", "gated over plain"]
    rows = [summary(*where, measured) for where, measured in found.items()]
    print(tabulate(rows, head, tablefmt="github", disable_numparse=True))
    if args.json:
        kept = [{"policy": p, "busy": b, "measured": [asdict(m) for m in ms]} for (p, b), ms in found.items()]
        write_json(args.json, {"policies": kept, "provenance": provenance(device_name(pick_device()))})


if __name__ == "__main__":
    run(main)
