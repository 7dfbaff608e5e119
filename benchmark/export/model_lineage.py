"""Where a run's speech and dense model come from, as far as is known: a record holds only their hashes."""

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
UNKNOWN = "unknown"  # the hub's word for it too


@dataclass(frozen=True)
class Origin:
    """What a model card says of the corpus and the dense model, in words.

    `licence` is the hub's name of one, or `unknown`; `language` and `base_model`, an id on the Hugging Face hub, are
    None where they are not known.
    """

    corpus: str
    dense: str
    licence: str
    language: str | None
    base_model: str | None


def origin_of(record: RunRecord, run: Path) -> Origin:
    """Recognise the embedded corpus and model by their hashes; ask the study's dense stage for another model."""
    our_corpus = record["data_hash"] == read_json(EMBEDDED / "model" / "training.json")["data"]
    our_dense = record["dense_hash"] == hash_model(EMBEDDED / "model")
    source = "data/mini/model" if our_dense else _source(record, run)
    base_model = source if source is not None and _is_on_the_hub(source) else None
    return Origin(
        corpus="the embedded corpus of pinchbench (data/mini), synthetic English speech"
        if our_corpus
        else f"that of the study `{record['study']}`; the record does not name it",
        dense=_dense(source, our_dense),
        licence=EMBEDDED_LICENCE if our_corpus and our_dense else UNKNOWN,
        language="en" if our_corpus else None,
        base_model=base_model,
    )


def _source(record: RunRecord, run: Path) -> str | None:
    """What the study started from, if the dense model beside the run is still the run's."""
    path = WorkFolder(run.resolve().parents[1]).dense_record
    if not path.exists():
        return None
    dense = read_dense(path)
    return dense["source"] if dense["hash"] == record["dense_hash"] else None


def _is_on_the_hub(source: str) -> bool:
    try:
        validate_repo_id(source)
    except HFValidationError:
        return False
    return not Path(source).exists()


def _dense(source: str | None, ours: bool) -> str:
    if source is None:
        return f"{UNKNOWN}: the run's study has no dense model of this hash any more"
    if ours:
        return f"the embedded model of pinchbench (`{source}`)"
    named = Path(source).name if Path(source).is_absolute() else source  # nobody else has our folders
    return f"`{named}`, as the study's dense stage left it"
