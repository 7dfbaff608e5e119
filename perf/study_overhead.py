"""Share of a study's wall-clock time outside its timed jobs: dense, tune, compress and transcribe.

Run it from the top folder after the study: `python -m perf.study_overhead STUDY [--json FILE]`.

The times come from Snakemake (.snakemake/metadata: when the job of each output started and when the output was
written). The script considers the last call of snakemake that ran a job of the study, from its start (which the name
of its log gives) to its last output. To measure a whole study, delete work/STUDY and results/STUDY before the study.
"""

from __future__ import annotations

import argparse
import json
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmark.runs.provenance import provenance
from benchmark.system.files import write_json
from benchmark.system.project import ROOT
from benchmark.training.precision import device_name, pick_device
from perf import run

AIM = 0.15
INSIDE = ("dense", "tune", "compress", "transcribe")
Interval = tuple[float, float]


@dataclass(frozen=True)
class Job:
    """The rule that made an output, with start and end in seconds since 1970."""

    rule: str
    time: Interval


@dataclass(frozen=True)
class Overhead:
    """How a study's wall-clock time was spent."""

    wall: float  # seconds
    rules: dict[str, float]  # seconds in which at least one job of a rule ran
    inside: float  # the same for the rules of INSIDE together

    @property
    def share(self) -> float:
        """Share of the wall-clock time in which none of the INSIDE rules ran."""
        return 1 - self.inside / self.wall


def output_of(record: Path, metadata: Path) -> str:
    """The output that a metadata file describes. Its own path is the output's in base64, split if it is long."""
    parts = record.relative_to(metadata).parts
    return urlsafe_b64decode("".join(part.removeprefix("@") for part in parts)).decode()


def jobs_of(study: str, snakemake: Path) -> Iterator[Job]:
    """The job of every output of a study in Snakemake's metadata."""
    metadata = snakemake / "metadata"
    folders = (f"work/{study}/", f"results/{study}/")
    for path in metadata.rglob("*"):
        if not path.is_file() or not output_of(path, metadata).startswith(folders):
            continue
        record = json.loads(path.read_text(encoding="utf-8"))
        start, end = record["starttime"], record["endtime"]
        yield Job(record["rule"], (start, max(start, end)))  # copied or backdated outputs have an end before the start


def calls(snakemake: Path) -> list[float]:
    """Start times of all snakemake calls, from log names such as 2026-11-24T234635.323601.snakemake.log."""
    names = [path.name.removesuffix(".snakemake.log") for path in (snakemake / "log").glob("*.snakemake.log")]
    return sorted(datetime.strptime(name, "%Y-%m-%dT%H%M%S.%f").timestamp() for name in names)


def covered(intervals: Iterable[Interval]) -> float:
    """Seconds that lie in at least one interval."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(intervals):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total


def overhead(jobs: list[Job], called: list[float]) -> Overhead:
    """Overhead of the last call that ran a job."""
    newest = max(job.time[0] for job in jobs)
    start = max((time for time in called if time <= newest), default=min(job.time[0] for job in jobs))
    ran = [job for job in jobs if job.time[0] >= start]
    rules = {rule: covered(job.time for job in ran if job.rule == rule) for rule in {job.rule for job in ran}}
    return Overhead(
        wall=max(job.time[1] for job in ran) - start,
        rules=dict(sorted(rules.items(), key=lambda item: -item[1])),
        inside=covered(job.time for job in ran if job.rule in INSIDE),
    )


def page(study: str, found: Overhead) -> str:
    """A readable table of times by rule, with the share. Times of rules that ran at the same time overlap."""
    lines = [f"{rule:<14}{seconds:9.1f} s{100 * seconds / found.wall:7.1f} %" for rule, seconds in found.rules.items()]
    return "\n".join(
        [
            *lines,
            f"{'wall-clock':<14}{found.wall:9.1f} s",
            f"study {study}: {100 * found.share:.1f} % of the wall-clock outside {', '.join(INSIDE)} "
            f"(aim {100 * AIM:.0f} %)",
        ]
    )


def main() -> None:
    """Print the table and the share, and write the numbers to a file if asked."""
    parser = argparse.ArgumentParser(prog="python -m perf.study_overhead", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("study", metavar="STUDY", help="name of a study that has run here, such as mini")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers, and where they were measured")
    args = parser.parse_args()
    snakemake = ROOT / ".snakemake"
    jobs = list(jobs_of(args.study, snakemake))
    if not jobs:
        raise SystemExit(f"error: Snakemake has run no job of study {args.study} here: run the study first")
    found = overhead(jobs, calls(snakemake))
    print(page(args.study, found))
    if args.json:
        numbers = {"study": args.study, "wall": found.wall, "rules": found.rules, "inside": found.inside}
        machine = provenance(device_name(pick_device()))
        write_json(args.json, numbers | {"share": found.share, "aim": AIM, "provenance": machine})


if __name__ == "__main__":
    run(main)
