"""What the Hugging Face hub calls the test sets of a run, so that a leaderboard can tell which sets are the same."""

from __future__ import annotations

from dataclasses import dataclass

from benchmark.corpora import an4, librispeech
from benchmark.runs.records import RunRecord

LIBRISPEECH_SPLITS = {"test": "test", "dev": "validation"}  # as the hub's `librispeech_asr` calls them


@dataclass(frozen=True)
class ScoredSet:
    """A test set in the hub's terms.

    Attributes:
        type: id of the dataset.
        name: of the dataset, for people.
        config: the part of the dataset, if it has several.
        split: the test set's own name.
    """

    type: str
    name: str
    config: str | None
    split: str


def scored_set(record: RunRecord, split: str, *, embedded: bool) -> ScoredSet:
    """Recognise a test set of a record, which does not name its corpus.

    Args:
        record: of the run.
        split: the test set's name in the study.
        embedded: whether the run's corpus is the embedded one.

    Returns:
        A set of LibriSpeech or AN4 if its name and its number of utterances are those of the whole set; otherwise one
        that only this study has. Part of a set is another set: its error rate must not stand beside those of others.
    """
    utterances = record["scores"][split]["utterances"]
    kind, _, part = split.partition("-")
    if embedded:
        return ScoredSet("pinchbench-mini", "the embedded corpus of pinchbench", None, split)
    if kind in LIBRISPEECH_SPLITS and librispeech.OFFICIAL_UTTERANCES.get(split) == utterances:
        return ScoredSet("librispeech_asr", f"LibriSpeech ({part})", part, LIBRISPEECH_SPLITS[kind])
    if an4.UTTERANCES.get(split) == utterances:
        return ScoredSet("an4", "AN4", None, split)
    return ScoredSet(f"pinchbench-{record['study']}", f"pinchbench study {record['study']}", None, split)
