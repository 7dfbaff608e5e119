"""Exports a run's model as a folder to share: weights, config, processor, model card and optionally an ONNX graph."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from transformers import PreTrainedModel

from benchmark.export.card import Artefact, model_card
from benchmark.export.finished import finished_run
from benchmark.export.model_lineage import origin_of
from benchmark.export.onnx_graph import check_packages, write_graph
from benchmark.export.plain import plain_form
from benchmark.models.checkpoints import load, save, save_dense
from benchmark.models.encoder import Encoder
from benchmark.models.in_floats import in_floats
from benchmark.models.sharing import shared_parameters
from benchmark.study.paths import RunFolder
from benchmark.system.errors import UserError
from benchmark.system.files import atomic_write, write_text


def export(run: Path, to: Path, *, onnx: bool) -> Artefact:
    """Write a finished run's model to the folder `to`, completely or not at all.

    Shapes that a config can express are written for plain `transformers`, others for `checkpoints.load`.

    Raises:
        UserError: the run has no model, `to` is not empty, a package is missing, or the graph differs from the model.
    """
    record = finished_run(run)
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise UserError(f"{to} already exists: choose another folder for --to, or remove it")
    if onnx:
        check_packages()
    ctc = load(RunFolder(run).model)
    plain = plain_form(ctc.model)
    with atomic_write(to) as partial:
        if plain is not None:
            save_dense(replace(ctc, model=plain), partial)
        else:
            save(ctc, partial)
        (weights,) = partial.glob("*.safetensors")
        difference = write_graph(replace(ctc, model=in_floats(ctc.model)), partial / "model.onnx") if onnx else None
        artefact = Artefact(
            plain=plain is not None,
            measured=_measured(ctc.model) if plain is not None else "",
            same_output=plain is None or all(matrix.form.same_in_floats for matrix in Encoder(ctc.model)),
            shared=bool(shared_parameters(ctc.model)),
            weights=weights.name,
            weight_bytes=weights.stat().st_size,
            onnx_difference=difference,
        )
        write_text(partial / "README.md", model_card(record, origin_of(record, run), artefact))
    return artefact


def _measured(model: PreTrainedModel) -> str:
    """In words, the numbers other than floats that the run's model computes with."""
    return " and ".join(sorted({matrix.form.in_words for matrix in Encoder(model)} - {""}))
