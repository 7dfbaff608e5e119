"""Finds out where a run's speech and dense model come from; the record holds only their hashes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

from benchmark.models.checkpoints import hash_model
from benchmark.runs.reading import read_dense
from benchmark.runs.records import RunRecord
from benchmark.study.paths import WorkFolder
from benchmark.system.files import read_json
from benchmark.system.project import ROOT

EMBEDDED = ROOT / "data" / "mini"
EMBEDDED_LICENCE = "apache-2.0"  # of the corpus, its voices and the model: data/mini/README.md
UNKNOWN = "unknown"  # also the hub's term


@dataclass(frozen=True)
class Origin:
    """A model card's statements on the corpus and the dense model, in words.

    `embedded` says whether the corpus is the embedded one. `licence` is the hub's name of a licence, or `unknown`.
    `base_model` is an id on the Hugging Face hub. `language` and `base_model` are None if unknown.
    """

    corpus: str
    embedded: bool
    dense: str
    licence: str
    language: str | None
    base_model: str | None


def origin_of(record: RunRecord, run: Path) -> Origin:
    """Recognise the embedded corpus and model by their hashes; look up other models in the study's dense stage."""
    our_corpus = record["data_hash"] == read_json(EMBEDDED / "model" / "training.json")["data"]
    our_dense = record["dense_hash"] == hash_model(EMBEDDED / "model")
    source = "data/mini/model" if our_dense else _source(record, run)
    base_model = source if source is not None and _is_on_the_hub(source) else None
    return Origin(
        corpus="the embedded corpus of pinchbench (data/mini), synthetic English speech"
        if our_corpus
        else f"that of the study `{record['study']}`; the record does not name it",
        embedded=our_corpus,
        dense=_dense(source, our_dense),
        licence=EMBEDDED_LICENCE if our_corpus and our_dense else UNKNOWN,
        language="en" if our_corpus else None,
        base_model=base_model,
    )


def _source(record: RunRecord, run: Path) -> str | None:
    """The model that the study started from, if the study's dense model is still the one that the run used."""
    path = WorkFolder(run.resolve().parent.parent).dense_record
    if not path.exists():
        return None
    dense = read_dense(path)
    return dense["source"] if dense["hash"] == record["dense_hash"] else None


def _is_on_the_hub(source: str) -> bool:
    try:
        validate_repo_id(source)
    except HFValidationError:
        return False
    return not (ROOT / source).exists()


def _dense(source: str | None, ours: bool) -> str:
    if source is None:
        return f"{UNKNOWN}: the run's study has no dense model of this hash any more"
    if ours:
        return f"the embedded model of pinchbench (`{source}`)"
    named = Path(source).name if Path(source).is_absolute() else source  # our folders mean nothing to others
    return f"`{named}`, as the study's dense stage left it"
