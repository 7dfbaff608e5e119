"""Results that outlive Snakemake: it deletes the outputs of a job that it did not see end, even of one that did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmark.system.errors import UserError
from benchmark.system.files import read_json, write_json


def kept_file(output: Path) -> Path:
    """Where the result is kept of which Snakemake knows the copy `output`."""
    return output.with_suffix(f".kept{output.suffix}")


def keep(output: Path, result: Any) -> None:
    """Write a finished result, and the copy of it that Snakemake knows."""
    write_json(kept_file(output), result)
    write_json(output, result)


def kept(output: Path) -> dict[str, Any] | None:
    """The result that is kept of `output`; None if there is none, or if it is damaged and has to be made again."""
    path = kept_file(output)
    try:
        result = read_json(path) if path.exists() else None
    except UserError:
        return None
    return result if isinstance(result, dict) else None
