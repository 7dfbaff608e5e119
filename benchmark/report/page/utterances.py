"""The utterances that the page shows: the worst of each run, and those by which any two runs can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tqdm import tqdm

from benchmark.report.page.word_edits import word_edits
from benchmark.runs.collection import Collection
from benchmark.scoring.trn import Transcripts

WORST = 10  # utterances shown of each run and test set
ROOM = 2_500_000  # characters for the utterances that are embedded for every run


def embedded_utterances(collection: Collection) -> dict[str, dict[str, Any]]:
    """The utterances of each test set whose references are available (see `embedded`).

    Raises:
        UserError: a run's utterances differ from the reference's.
    """
    room = ROOM // max(1, len(collection.references))
    with tqdm(collection.references.items(), desc="page", unit="test set") as progress:
        return {test_set: _of_test_set(collection, test_set, references, room) for test_set, references in progress}


def _of_test_set(collection: Collection, test_set: str, references: Transcripts, room: int) -> dict[str, Any]:
    runs = {run.record["run"]: run for run in collection.runs if test_set in run.scores}
    hypotheses = {name: run.hypotheses(test_set) for name, run in runs.items()}
    errors = {
        name: {
            id: counts.errors for id, counts in zip(references, collection.scored(run, test_set).counts, strict=True)
        }
        for name, run in runs.items()
    }
    return embedded(references, hypotheses, errors, room)


def embedded(
    references: Transcripts, runs: Mapping[str, Transcripts], errors: Mapping[str, Mapping[str, int]], room: int
) -> dict[str, Any]:
    """Embed utterances, first those whose word errors differ most between runs.

    Args:
        references: all references of a test set.
        runs: every run's hypotheses, by the run's name.
        errors: every run's word errors by utterance.
        room: the number of characters that the edits of all runs may take.

    Returns:
        `names` and `references` of the embedded utterances; `shared`, how many of them, from the first, every run has;
        `erring`, in how many of the test set any run errs; and `runs`. A run has its edits (see `word_edits`) in each
        shared utterance, one a line, and by position those in its own worst utterances that are not shared.
    """
    erring = _most_varied(references, errors)
    shared = _shared(references, runs, erring, room)
    worst = {run: _worst(counts) for run, counts in errors.items()}
    others = sorted({name for names in worst.values() for name in names} - set(shared))
    place = {name: i for i, name in enumerate([*shared, *others])}
    return {
        "names": list(place),
        "references": [references[name] for name in place],
        "shared": len(shared),
        "erring": len(erring),
        "runs": {
            run: {
                "shared": "\n".join(edits[run] for edits in shared.values()),
                "worst": {
                    place[name]: word_edits(references[name], hypotheses[name])
                    for name in worst[run]
                    if place[name] >= len(shared)
                },
            }
            for run, hypotheses in runs.items()
        },
    }


def _worst(errors: Mapping[str, int]) -> list[str]:
    """The utterances with the most errors, most first; ties keep their order. Correct ones are left out."""
    wrong = sorted((name for name in errors if errors[name]), key=lambda name: -errors[name])
    return wrong[:WORST]


def _most_varied(references: Transcripts, errors: Mapping[str, Mapping[str, int]]) -> list[str]:
    """The utterances in which any run errs, first those with the largest difference between two runs."""
    spread = {}
    for name in references:
        counts = [found[name] for found in errors.values()]
        if any(counts):
            spread[name] = max(counts) - min(counts)
    return sorted(spread, key=lambda name: -spread[name])


def _shared(
    references: Transcripts, runs: Mapping[str, Transcripts], names: list[str], room: int
) -> dict[str, dict[str, str]]:
    """Every run's edits in the first of these utterances, as long as they fit."""
    shared = {}
    for name in names:
        edits = {run: word_edits(references[name], hypotheses[name]) for run, hypotheses in runs.items()}
        room -= sum(1 + len(text) for text in edits.values())
        if room < 0:
            break
        shared[name] = edits
    return shared
