"""The model card: what a stranger must know about an exported model. Its numbers come from the run's record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from huggingface_hub import EvalResult, ModelCardData
from tabulate import tabulate

from benchmark.export.model_lineage import UNKNOWN, Origin
from benchmark.export.scored_sets import scored_set
from benchmark.models.folder_state import Runtime
from benchmark.runs.record_summary import budget, metrics, provenance, settings, sizes
from benchmark.runs.records import RunRecord
from benchmark.study.registry import load_method, method_names
from benchmark.system.errors import UserError
from benchmark.system.templates import template

Count = Literal["errors", "substitutions", "deletions", "insertions", "words", "utterances"]
TEMPLATE = Path(__file__).with_name("card.md.jinja")
TASK = "automatic-speech-recognition"
COUNTS: tuple[Count, ...] = ("errors", "substitutions", "deletions", "insertions", "words", "utterances")


@dataclass(frozen=True)
class Artefact:
    """The exported model.

    Attributes:
        decoding: how text is made from its output, such as `ctc`.
        plain: whether plain `transformers` can load it.
        runtime: the kernels that it is written for.
        measured: in words, what the run's model uses instead of floats; empty if this folder uses it too.
        same_output: whether this folder gives the same output as the run's model.
        shared: whether layers of the run's model share weights.
        weights: name of the weight file.
        weight_bytes: size of the weight file.
        onnx_difference: largest difference between the logits of `model.onnx` and the model; None without a graph.
    """

    decoding: str
    plain: bool
    runtime: Runtime
    measured: str
    same_output: bool
    shared: bool
    weights: str
    weight_bytes: int
    onnx_difference: float | None


def model_card(record: RunRecord, origin: Origin, artefact: Artefact) -> str:
    """Write the card as Markdown, with the Hugging Face hub's metadata at the top."""
    here = (f"bytes of {artefact.weights} in this folder, measured", f"{artefact.weight_bytes:,}")
    return template(TEMPLATE).render(
        metadata=_metadata(record, origin, artefact).rstrip(),
        name=_name(record),
        record=record,
        artefact=artefact,
        origin=origin,
        unknown=UNKNOWN,
        scores=_scores(record),
        metrics=_table(["measured", ""], metrics(record)) if "metrics" in record else "",
        sizes=_table(["", "of the run's model"], [*sizes(record), here]),
        compression=_compression(record),
        provenance=_table(["", ""], provenance(record)),
    )


def _name(record: RunRecord) -> str:
    target = record["target_sparsity"]
    return record["title"] + (f", {100 * target:g} % of the encoder's weights removed" if target is not None else "")


def _metadata(record: RunRecord, origin: Origin, artefact: Artefact) -> str:
    """The metadata for the hub; it has error rates only if the folder gives the same output as the run's model."""
    results = _results(record, origin) if artefact.same_output else []
    data = ModelCardData(
        language=origin.language,
        license=origin.licence,
        library_name="transformers" if artefact.plain else "pinchbench",
        pipeline_tag=TASK,
        base_model=origin.base_model,
        tags=[artefact.decoding, "model-compression", "pinchbench", _tag(record["method"])],
        metrics=["wer"] if results else None,
        model_name=f"{record['study']}-{record['run']}" if results else None,
        eval_results=results or None,
    )
    return data.to_yaml()


def _results(record: RunRecord, origin: Origin) -> list[EvalResult]:
    """The word error rate on each test set, as leaderboards read it; none for a run that was not scored."""
    results = []
    for split, score in record.get("scores", {}).items():
        dataset = scored_set(record, split, embedded=origin.embedded)
        results.append(
            EvalResult(
                task_type=TASK,
                dataset_type=dataset.type,
                dataset_name=dataset.name,
                dataset_config=dataset.config,
                dataset_split=dataset.split,
                metric_type="wer",
                metric_name="WER (%)",
                metric_value=round(100 * score["wer"], 2),
            )
        )
    return results


def _tag(method: str) -> str:
    """A method's name or path in the form of a tag."""
    return method.removesuffix(".py").replace("/", "-")


def _scores(record: RunRecord) -> str:
    """The table of word error rates; empty for a run that was not scored."""
    rows = [
        [split, f"{100 * score['wer']:.2f}", *(f"{score[count]:,}" for count in COUNTS)]
        for split, score in record.get("scores", {}).items()
    ]
    return _table(["test set", "WER %", *COUNTS], rows) if rows else ""


def _compression(record: RunRecord) -> str:
    source = ("source", _source(record["method"]))
    return _table(["", ""], [("title", record["title"]), source, *settings(record), *budget(record)])


def _source(method: str) -> str:
    """The method's own citation. A record may name any file, so only installed methods are imported."""
    try:
        if method in method_names():
            return load_method(method).citation()
    except UserError:
        pass
    return f"{UNKNOWN}: the method is not installed here"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return tabulate(rows, header, tablefmt="github", disable_numparse=True)
