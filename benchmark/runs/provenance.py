"""Collects the provenance of a record: commit, packages, Python, machine and time."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmark.runs.records import Provenance

WIDEST_FIRST = ("avx512f", "avx2", "avx", "sse2")  # vector instructions, as Linux names them
PACKAGES = ("torch", "torchaudio", "transformers", "numpy", "jiwer", "snakemake")


def provenance(device: str) -> Provenance:
    """Describe this machine and this commit; `device` names the device that the run computed on."""
    return Provenance(
        git_commit=git_commit(),
        packages={name: _version(name) for name in PACKAGES},
        python=platform.python_version(),
        device=device,
        cpu=_cpu_name(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _git(*arguments: str) -> str | None:
    root = Path(__file__).parent
    try:
        done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def git_commit() -> str:
    """The commit of this code, with "+dirty" appended if the code was changed since; "unknown" outside a repository."""
    commit = _git("rev-parse", "HEAD")
    if not commit:
        return "unknown"
    changed = _git("status", "--porcelain", "--untracked-files=no", "--", ":/", ":(top,exclude)results")
    return commit + ("+dirty" if changed else "")


def _cpu_name() -> str:
    """The processor with its generation and widest vectors: processors of one name can differ twofold in speed."""
    linux = Path("/proc/cpuinfo")
    first = linux.read_text(encoding="utf-8").partition("\n\n")[0] if linux.is_file() else ""
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in first.splitlines())}
    if "model name" not in facts:
        return platform.processor() or platform.machine()
    vectors = next((name for name in WIDEST_FIRST if name in facts.get("flags", "").split()), "no vectors known")
    return f"{facts['model name']}, family {facts.get('cpu family')} model {facts.get('model')}, {vectors}"
