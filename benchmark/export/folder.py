"""Exports a run's model as a folder to share: weights, config, processor, model card and optionally an ONNX graph."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from transformers import PreTrainedModel

from benchmark.export.card import Artefact, model_card
from benchmark.export.embedded_speech import short_and_long
from benchmark.export.finished import finished_run
from benchmark.export.model_lineage import origin_of
from benchmark.export.plain import plain_form
from benchmark.inference.onnx_graph import check_packages, write_graph
from benchmark.inference.sparse_model import FEWEST_ZEROS, can_be_sparse
from benchmark.models.architectures.lookup import architecture_of
from benchmark.models.checkpoints import SpeechModel, load, save, save_dense
from benchmark.models.encoder import Encoder
from benchmark.models.folder_state import Runtime
from benchmark.models.in_floats import in_floats
from benchmark.models.sharing import shared_parameters
from benchmark.study.paths import RunFolder
from benchmark.system.errors import UserError
from benchmark.system.files import atomic_write, write_text


def export(run: Path, to: Path, *, runtime: Runtime = "dense", onnx: bool = False) -> Artefact:
    """Write a finished run's model to the folder `to`, completely or not at all.

    Shapes that a config can express are written for plain `transformers`, others and those for sparse kernels for
    `checkpoints.load`.

    Raises:
        UserError: the run has no model, `to` is not empty, a package is missing, no matrix has enough zeros for sparse
            kernels, or there is no graph or one that differs from the model.
    """
    record = finished_run(run)
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise UserError(f"{to} already exists: choose another folder for --to, or remove it")
    if onnx:
        check_packages()
    speech_model = load(RunFolder(run).model)
    decoding = architecture_of(speech_model.model).decoding
    if onnx and decoding != "ctc":
        raise UserError(
            f"{run} has a {decoding} model, which writes token after token, so there is no graph from audio to logits: "
            "leave out --onnx"
        )
    if runtime == "sparse" and not can_be_sparse(speech_model):
        raise UserError(
            f"{run} has no matrix with {100 * FEWEST_ZEROS:g} % zeros, so nothing would be sparse: leave out --runtime"
        )
    plain = plain_form(speech_model.model) if runtime == "dense" else None
    with atomic_write(to) as partial:
        if plain is not None:
            save_dense(replace(speech_model, model=plain), partial)
        else:
            save(speech_model, partial, runtime)
        (weights,) = partial.glob("*.safetensors")
        difference = _write_graph(speech_model, partial) if onnx else None
        artefact = Artefact(
            decoding=decoding,
            plain=plain is not None,
            runtime=runtime,
            measured=_measured(speech_model.model) if plain is not None else "",
            same_output=plain is None or all(matrix.form.same_in_floats for matrix in Encoder(speech_model.model)),
            shared=bool(shared_parameters(speech_model.model)),
            weights=weights.name,
            weight_bytes=weights.stat().st_size,
            onnx_difference=difference,
        )
        write_text(partial / "README.md", model_card(record, origin_of(record, run), artefact))
    return artefact


def _write_graph(speech_model: SpeechModel, folder: Path) -> float:
    """Write `model.onnx` with the model's values in floats; return how much its logits differ from the model's."""
    return write_graph(in_floats(speech_model.model), short_and_long(speech_model), folder / "model.onnx")


def _measured(model: PreTrainedModel) -> str:
    """In words, the numbers other than floats that the run's model computes with."""
    return " and ".join(sorted({matrix.form.in_words for matrix in Encoder(model)} - {""}))
