"""The model card: what a stranger must know of an exported model. Its numbers are those of the run's record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from huggingface_hub import EvalResult, ModelCardData
from tabulate import tabulate

from benchmark.export.model_lineage import UNKNOWN, Origin
from benchmark.export.use import how_to_use
from benchmark.runs.record_summary import budget, provenance, settings, sizes
from benchmark.runs.records import RunRecord
from benchmark.study.registry import load_method, method_names
from benchmark.system.errors import UserError

Count = Literal["errors", "substitutions", "deletions", "insertions", "words", "utterances"]
TASK = "automatic-speech-recognition"
COUNTS: tuple[Count, ...] = ("errors", "substitutions", "deletions", "insertions", "words", "utterances")


@dataclass(frozen=True)
class Artefact:
    """What was exported.

    Attributes:
        plain: whether plain `transformers` loads it.
        measured: what the run's model has in the place of floats, in words; empty if this folder has it too.
        same_output: whether this folder computes what the run's model does.
        shared: whether layers of the run's model share weights.
        weights: name of the file of weights.
        weight_bytes: its size.
        onnx_difference: largest difference between the logits of `model.onnx` and the model's; None without a graph.
    """

    plain: bool
    measured: str
    same_output: bool
    shared: bool
    weights: str
    weight_bytes: int
    onnx_difference: float | None


def model_card(record: RunRecord, origin: Origin, artefact: Artefact) -> str:
    """Markdown with the Hugging Face hub's metadata on top."""
    parts = [
        f"---\n{_metadata(record, origin, artefact)}\n---",
        f"# {_name(record)}",
        _introduction(record, artefact),
        "## Word error rate",
        _scores(record, artefact),
        "## Size",
        _sizes(record, artefact),
        "## Compression",
        _compression(record),
        "## Data and licence",
        _data(record, origin),
        "## Use",
        how_to_use(artefact.plain, artefact.onnx_difference is not None),
        "## Provenance and citation",
        _provenance(record),
    ]
    return "\n\n".join(parts) + "\n"


def _name(record: RunRecord) -> str:
    target = record["target_sparsity"]
    return record["title"] + (f", {100 * target:g} % of the encoder's weights removed" if target is not None else "")


def _metadata(record: RunRecord, origin: Origin, artefact: Artefact) -> str:
    """What the hub reads; error rates only where they are those of what this folder computes."""
    results = [
        EvalResult(
            task_type=TASK,
            dataset_type=f"pinchbench-{record['study']}",
            dataset_name=f"pinchbench study {record['study']}",
            dataset_split=split,
            metric_type="wer",
            metric_name="WER (%)",
            metric_value=round(100 * score["wer"], 2),
        )
        for split, score in record.get("scores", {}).items()
        if artefact.same_output
    ]
    data = ModelCardData(
        language=origin.language,
        license=origin.licence,
        library_name="transformers" if artefact.plain else "pinchbench",
        pipeline_tag=TASK,
        base_model=origin.base_model,
        tags=["ctc", "model-compression", "pinchbench", record["method"].removesuffix(".py").replace("/", "-")],
        metrics=["wer"] if results else None,
        model_name=f"{record['study']}-{record['run']}" if results else None,
        eval_results=results or None,
    )
    return data.to_yaml()


def _introduction(record: RunRecord, artefact: Artefact) -> str:
    shape = (
        "Plain `transformers` loads it."
        if artefact.plain
        else "Its layers have shapes that plain `transformers` cannot build: `pinchbench` loads it."
    )
    return (
        f"A CTC speech recogniser for 16 kHz audio, compressed by pinchbench: run `{record['run']}` of the study "
        f"`{record['study']}`. {shape} All figures are from the run's record, unless it says otherwise."
    )


def _scores(record: RunRecord, artefact: Artefact) -> str:
    if not (scores := record.get("scores", {})):
        return "Not measured: the run was not scored when this folder was written."
    rows = [
        [split, f"{100 * score['wer']:.2f}", *(f"{score[count]:,}" for count in COUNTS)]
        for split, score in scores.items()
    ]
    return (
        _table(["test set", "WER %", *COUNTS], rows) + "\n\nGreedy decoding, no language model." + _in_floats(artefact)
    )


def _in_floats(artefact: Artefact) -> str:
    if not artefact.measured:
        return ""
    here = " This folder holds the values of these weights in floats"
    if not artefact.same_output:
        here += " and computes in floats: its output differs, and its word error rate was not measured"
    return f" Measured with {artefact.measured}.{here}."


def _sizes(record: RunRecord, artefact: Artefact) -> str:
    here = (f"bytes of {artefact.weights} in this folder, measured", f"{artefact.weight_bytes:,}")
    stored = ""
    if artefact.plain:
        each = ", and weights that layers share once for each of them" if artefact.shared else ""
        stored = f"\n\nThis folder stores every weight as a 32-bit float, zeros too{each}."
    return _table(["", "of the run's model"], [*sizes(record), here]) + stored


def _compression(record: RunRecord) -> str:
    source = ("source", _source(record["method"]))
    rows = [("title", record["title"]), source, *settings(record), *budget(record)]
    return _table(["", ""], rows) + "".join(f"\n\nNote: {note}." for note in record["notes"])


def _source(method: str) -> str:
    """The citation in a method's own words. A record may name any file, so only installed methods are imported."""
    try:
        if method in method_names():
            return load_method(method).citation()
    except UserError:
        pass
    return f"{UNKNOWN}: the method is not installed here"


def _data(record: RunRecord, origin: Origin) -> str:
    licence = (
        f"Licence: {UNKNOWN}. The licences of the corpus and of the dense model apply; find them out before you pass "
        "the model on."
        if origin.licence == UNKNOWN
        else f"Licence: {origin.licence}, that of the corpus, of its voices and of the dense model."
    )
    return f"- Corpus: {origin.corpus}.\n- Dense model: {origin.dense}.\n- {licence}"


def _provenance(record: RunRecord) -> str:
    commit = record["provenance"]["git_commit"][:12]
    cite = f"Cite the method as above, and the suite as pinchbench, commit `{commit}`."
    return _table(["", ""], provenance(record)) + f"\n\n{cite}"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return tabulate(rows, header, tablefmt="github", disable_numparse=True)
