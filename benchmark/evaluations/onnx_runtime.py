"""The speed of finished CTC models in ONNX Runtime, beside PyTorch's."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from benchmark.evaluations.contract import Column, Common, Evaluation, FinishedRun
from benchmark.system.errors import UserError
from benchmark.system.files import hash_file, hash_of
from benchmark.system.once import made_once

if TYPE_CHECKING:
    from benchmark.inference.transcription import Transcriber
    from benchmark.models.batch import Batch
    from benchmark.models.checkpoints import SpeechModel
    from benchmark.training.speech import Speech

INTRODUCTION = """\
The same models in a second runtime. Each is written as an ONNX graph, which onnxruntime runs on the CPU, on as many
threads as PyTorch. The dense model in PyTorch, its graph and the row's graph transcribe the same batches in turn.

A graph multiplies zeros like other weights, so pruning weight by weight makes no graph faster. Rows in 8-bit integers
compute in these integers; other small numbers, such as 4-bit integers, are floats in a graph.

If a row also rounds the inputs of its matrices to 8 bits, its graph does that with one scale for a whole batch, where
PyTorch has one per frame. So its transcripts can differ from those in all other tables."""


class OnnxRuntime(Evaluation):
    """Speed and size of a run's ONNX graph, and how many of its transcripts differ from those in PyTorch.

    They are measured on the first test set, on the batches of the main table's speed-up. A model that writes token
    after token has no graph from audio to logits.
    """

    runs_models = True
    timed = True
    section = "ONNX Runtime"
    introduction = INTRODUCTION
    columns: ClassVar = {
        "speedup": Column("speed-up", "Speed-up: over the dense model in PyTorch, as in the main table"),
        "over_dense_graph": Column("over dense graph", "Over dense graph: speed-up over the dense model's graph"),
        "bytes": Column("graph (MB)", "Graph: size of the file", factor=1e-6),
        "utterances": Column("utterances", "Utterances: how many were transcribed for this table", digits=0),
        "different": Column(
            "different %",
            "Different: share of the utterances with another transcript than by the row's model in PyTorch",
            factor=100,
            digits=1,
        ),
    }

    def measure(self, run: FinishedRun, split: str) -> dict[str, float]:
        """The numbers of the columns; none on other test sets than the first, and none of a model without a graph.

        Raises:
            UserError: the study runs on a GPU, a package is missing, or the graph cannot be written or differs from
                the model.
        """
        from benchmark.inference.onnx_graph import check_packages
        from benchmark.models.architectures.lookup import architecture_of
        from benchmark.training.precision import pick_device

        if split != next(iter(run.references)) or architecture_of(run.model.model).decoding != "ctc":
            return {}
        device = pick_device(run.common.device)
        if device.type != "cpu":
            raise UserError(f"ONNX graphs are timed on a CPU, and this study runs on {device.type}")
        check_packages()
        return _measured(run, split)


def _measured(run: FinishedRun, split: str) -> dict[str, float]:
    from benchmark.inference.onnx_runtime import graph_transcriber
    from benchmark.inference.speed import sample, speedups
    from benchmark.inference.transcription import transcriber
    from benchmark.models.checkpoints import load
    from benchmark.training.precision import computing_in
    from benchmark.training.speech import Speech

    model, dense = run.model, load(run.common.dense_model)
    speech = Speech(dense, run.common.corpus, split)
    batches = sample(speech, run.common.batch_seconds)
    dense_graph = graph_transcriber(_kept_graph(dense, speech, run.common), dense)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        _write(model, speech, path)
        graph, size = graph_transcriber(path, model), path.stat().st_size
    with computing_in(run.common.precision, dense.model.device):
        found = speedups(transcriber(dense), {"dense": dense_graph, "row": graph}, batches)
        different = _different(transcriber(model), graph, batches)
    return {
        "speedup": found["row"]["median"],
        "over_dense_graph": found["row"]["median"] / found["dense"]["median"],
        "bytes": size,
        "utterances": len(different),
        "different": sum(different) / len(different),
    }


def _kept_graph(dense: SpeechModel, speech: Speech, common: Common) -> Path:
    """The dense model's graph, which the first run that needs it writes for all."""
    from benchmark.inference import onnx_graph, onnx_integers
    from benchmark.models.checkpoints import hash_model

    code = [hash_file(Path(str(module.__file__))) for module in (onnx_graph, onnx_integers)]
    key = hash_of([hash_model(common.dense_model), *code])[:16]
    path = common.folder / "onnx_runtime" / f"dense-{key}.onnx"
    return made_once(path, lambda partial: _write(dense, speech, partial), "the dense model's ONNX graph")


def _write(speech_model: SpeechModel, speech: Speech, path: Path) -> None:
    """Write a model's graph, checked on the shortest and the longest utterance of the speech."""
    from benchmark.inference.onnx_integers import write_own_graph

    by_length = sorted(range(len(speech)), key=lambda index: speech.utterances[index].samples)
    write_own_graph(speech_model.model, [speech.audio(by_length[0]), speech.audio(by_length[-1])], path)


def _different(one: Transcriber, other: Transcriber, batches: Sequence[Batch]) -> list[bool]:
    """For each utterance, whether its two transcripts differ."""
    pairs = [pair for batch in batches for pair in zip(one(batch), other(batch), strict=True)]
    return [ours.text != theirs.text for ours, theirs in pairs]
