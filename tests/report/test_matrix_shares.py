"""The weights removed from each matrix, of an encoder and of an encoder with a decoder: as numbers, figure and page."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from synthetic_study import RECIPES, build_study, footprint

from benchmark.report.figures.layer_figures import drawn_rows, matrix_sparsity
from benchmark.report.rows.matrix_shares import matrix_shares
from benchmark.report.rows.rows import table_rows
from benchmark.report.study_report import write_report
from benchmark.runs.collection import read_collection
from benchmark.runs.records import RunRecord
from benchmark.system.files import read_json, write_json

ENCODER = ("q", "k", "v", "out", "ffn_in", "ffn_out")
DECODER = ("q", "k", "v", "out", "cross_q", "cross_k", "cross_v", "cross_out", "ffn_in", "ffn_out")


def _matrices(*layers: tuple[str, ...], remaining: int = 75) -> list[dict[str, Any]]:
    """Matrices of 100 weights; one weight less remains in each layer than in the one before."""
    return [
        {"layer": i, "matrix": name, "parameters": 100, "remaining": remaining - i}
        for i, names in enumerate(layers)
        for name in names
    ]


def _records(*matrices: list[dict[str, Any]]) -> list[RunRecord]:
    return [cast(RunRecord, {"matrices": listed}) for listed in matrices]


def test_layers_of_an_encoder_are_numbered_and_every_cell_is_the_mean_over_the_seeds() -> None:
    seeds = _records(_matrices(ENCODER, ENCODER), _matrices(ENCODER, ENCODER, remaining=65))
    shares = matrix_shares(seeds)
    assert (shares.layers, shares.matrices) == (["0", "1"], list(ENCODER))
    assert shares.removed == pytest.approx(np.array([[0.30] * 6, [0.31] * 6]))


def test_a_cell_is_missing_where_the_layer_has_no_such_matrix() -> None:
    (record,) = _records(_matrices(ENCODER, ENCODER, DECODER))
    shares = matrix_shares([record])
    assert shares.layers == ["encoder 1", "encoder 2", "decoder 1"]
    assert shares.matrices == list(DECODER)
    blank = [[math.isnan(share) for share in line] for line in shares.removed]
    assert blank == [[name not in ENCODER for name in DECODER]] * 2 + [[False] * len(DECODER)]
    (_, first), *_, (_, last) = shares.lines
    assert first == [None if name not in ENCODER else pytest.approx(0.25) for name in DECODER]
    assert last == [pytest.approx(0.27)] * len(DECODER)


@pytest.fixture
def with_decoder(tmp_path: Path) -> Path:
    """A study of a model with an encoder of two layers and a decoder of one."""
    recipes = {name: RECIPES[name] for name in ("dense", "self_pinching")}
    folder = build_study(tmp_path / "demo", seeds=(0,), utterances=6, troubled=False, recipes=recipes)
    for path in folder.glob("runs/*/run.json"):
        record = read_json(path)
        matrices = _matrices(ENCODER, ENCODER, DECODER)
        if record["family"] == "dense":
            matrices = [matrix | {"remaining": matrix["parameters"]} for matrix in matrices]
        write_json(path, record | {"matrices": matrices, "footprint": footprint(matrices, 1000)})
    return folder


def test_the_heat_map_names_encoder_and_decoder_and_leaves_cells_blank(with_decoder: Path) -> None:
    figure = matrix_sparsity(drawn_rows(table_rows(read_collection(with_decoder / "runs")))["self_pinching"])
    assert len(figure.axes) == 2
    for axes in figure.axes:
        columns = [label.get_text().replace("\n", "_").replace(" ", "_") for label in axes.get_xticklabels()]
        assert columns == list(DECODER)
        assert [label.get_text() for label in axes.get_yticklabels()] == ["encoder 1", "encoder 2", "decoder 1"]
        assert [text.get_text() for text in axes.texts] == ["25"] * 6 + ["26"] * 6 + ["27"] * 10


@pytest.mark.usefixtures("undrawn")
def test_the_pages_know_the_decoder(with_decoder: Path) -> None:
    write_report(with_decoder / "runs", with_decoder)
    assert "and the ten of every decoder layer" in (with_decoder / "main.md").read_text(encoding="utf-8")
    page = (with_decoder / "index.html").read_text(encoding="utf-8")
    heat = page.partition('<table class="heat">')[2].partition("</table>")[0]
    encoder, decoder = heat.partition(">encoder 1<")[2].partition("</tr>")[0], heat.partition(">decoder 1<")[2]
    assert heat.count('<th scope="col"') == 1 + len(DECODER)
    assert (encoder.count("<td></td>"), decoder.count("<td></td>")) == (4, 0)
    assert (encoder.count("<td"), decoder.count("<td")) == (10, 10)
