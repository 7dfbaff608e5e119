"""Finds reusable results in a run's folder, and clears the folder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmark.models.weight_files import PACKED
from benchmark.runs.kept import kept, kept_file
from benchmark.runs.reading import read_record
from benchmark.runs.records import RunRecord
from benchmark.study.paths import RunFolder
from benchmark.system.errors import UserError
from benchmark.system.files import remove


def clear(folder: RunFolder) -> None:
    """Remove the files of an earlier attempt, except checkpoints: each belongs to an identity and can be resumed."""
    outputs = [folder.compressed, folder.transcribed]
    others = [folder.record, folder.curves, folder.model, folder.transcripts, folder.raw_transcripts, folder.events]
    for path in [*map(kept_file, outputs), *outputs, *others]:
        remove(path)


def kept_compression(folder: RunFolder, record: RunRecord) -> RunRecord | None:
    """The record of an earlier compression in this folder, if it can replace `record`, which has just begun.

    It must have the same identity and names, must not be a failure, and its model must still be there.
    """
    try:
        old = read_record(kept_file(folder.compressed), scored=False)
    except UserError:  # the file is missing or damaged
        return None
    is_this = (old["identity"], old["study"], old["run"]) == (record["identity"], record["study"], record["run"])
    if old["status"] == "failed" or not is_this:
        return None
    weights = folder.model / PACKED
    size = weights.stat().st_size if weights.is_file() else None
    return old if old["status"] == "over_budget" or size == old["footprint"]["bytes_on_disk"] else None


def kept_transcripts(folder: RunFolder, tests: Sequence[str]) -> dict[str, Any] | None:
    """The content of `transcribe.json`, if the run's folder has the transcripts of all `tests`.

    They belong to the model in the folder, since a new compression clears the folder first.
    """
    there = all(folder.hypotheses(split).is_file() for split in tests)
    match kept(folder.transcribed):
        case {"sets": dict(sets)} as old if there and sets.keys() == set(tests):
            return old
        case _:
            return None
