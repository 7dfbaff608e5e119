"""A run's folder: which of the results in it are whole and belong to a run, and how they are cleared away."""

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
    """Remove what an earlier attempt left, except checkpoints: they belong to an identity and are resumed from."""
    outputs = [folder.compressed, folder.transcribed]
    others = [folder.record, folder.curves, folder.model, folder.transcripts, folder.events]
    for path in [*map(kept_file, outputs), *outputs, *others]:
        remove(path)


def kept_compression(folder: RunFolder, record: RunRecord) -> RunRecord | None:
    """The record of a compression that was finished here before, if it can stand for that of `record`, just begun.

    It has the same identity and names, is no failure, and its model lies beside it.
    """
    try:
        old = read_record(kept_file(folder.compressed), scored=False)
    except UserError:  # there is none, or it is damaged
        return None
    is_this = (old["identity"], old["study"], old["run"]) == (record["identity"], record["study"], record["run"])
    if old["status"] == "failed" or not is_this:
        return None
    weights = folder.model / PACKED
    size = weights.stat().st_size if weights.is_file() else None
    return old if old["status"] == "over_budget" or size == old["footprint"]["bytes_on_disk"] else None


def kept_transcripts(folder: RunFolder, tests: Sequence[str]) -> dict[str, Any] | None:
    """What `transcribe.json` said of the transcripts in a run's folder, if there are those of all `tests`.

    They are of the model beside them: a new one clears the folder first.
    """
    there = all(folder.hypotheses(split).is_file() for split in tests)
    match kept(folder.transcribed):
        case {"sets": dict(sets)} as old if there and sets.keys() == set(tests):
            return old
        case _:
            return None
