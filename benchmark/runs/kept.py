"""Keeps results that Snakemake would delete: it removes a job's outputs if it did not see the job end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmark.system.errors import UserError
from benchmark.system.files import read_json, write_json


def kept_file(output: Path) -> Path:
    """Path of the kept result; `output` is the copy that Snakemake knows."""
    return output.with_suffix(f".kept{output.suffix}")


def keep(output: Path, result: Any) -> None:
    """Write a finished result and the copy that Snakemake knows, `output`."""
    write_json(kept_file(output), result)
    write_json(output, result)


def kept(output: Path) -> dict[str, Any] | None:
    """The kept result whose copy is `output`; None if it is missing or damaged."""
    path = kept_file(output)
    try:
        result = read_json(path) if path.exists() else None
    except UserError:
        return None
    return result if isinstance(result, dict) else None
