"""Figures: which there are, that labels do not collide, that files do not depend on the time of day."""

from __future__ import annotations

import filecmp
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from synthetic_study import RECIPES, Recipe, build_study, reported_study

from benchmark.report.figures.label_columns import label_at_edge, spread_out
from benchmark.report.figures.labels import Label, place_labels
from benchmark.report.figures.layer_figures import drawn_rows, training
from benchmark.report.figures.significance_figure import significance_matrix
from benchmark.report.figures.style import plain_log_axis
from benchmark.report.rows.comparisons import compare_rows
from benchmark.report.rows.rows import known, table_rows
from benchmark.report.study_report import write_report
from benchmark.runs.collection import read_collection
from benchmark.system.files import read_json, write_json, write_text

ALWAYS = ("wer_vs_parameters", "wer_vs_time", "significance_65", "significance_85")
OF_TARGETS = ("ranking_65", "ranking_85", "significance_own_sizes")
NAMES = (*ALWAYS, *OF_TARGETS, "matrices_self_pinching", "training_self_pinching")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reported_study(tmp_path_factory.getbasetemp())


def test_every_figure_is_there_as_png_and_pdf(study: Path) -> None:
    assert {path.name for path in (study / "figures").iterdir()} == {f"{n}.{s}" for n in NAMES for s in ("png", "pdf")}
    with Image.open(study / "figures/wer_vs_parameters.png") as image:
        assert round(image.info["dpi"][0]) == 200


def test_the_same_records_give_the_same_bytes(tmp_path: Path) -> None:
    recipes = {name: RECIPES[name] for name in ("dense", "self_pinching")}
    folder = build_study(tmp_path / "demo", seeds=(0,), utterances=8, troubled=False, recipes=recipes)
    first, second = tmp_path / "first", tmp_path / "second"
    write_report(folder / "runs", first)
    write_report(folder / "runs", second)
    names = [str(path.relative_to(first)) for path in first.rglob("*.*") if path.is_file()]
    assert len(names) >= 2 * len(ALWAYS) + 7
    assert filecmp.cmpfiles(first, second, names, shallow=False) == (names, [], [])


def test_a_figure_without_data_goes_away(tmp_path: Path) -> None:
    recipes = {name: RECIPES[name] for name in ("dense", "random_pruning")}
    folder = build_study(tmp_path / "demo", seeds=(0,), utterances=8, troubled=False, recipes=recipes)
    (folder / "figures").mkdir()
    (folder / "figures/matrices_self_pinching.png").write_text("of an earlier study")
    write_report(folder / "runs", folder)
    assert {path.stem for path in (folder / "figures").iterdir()} == set(ALWAYS)


def test_labels_cover_neither_each_other_nor_the_points() -> None:
    figure = Figure(figsize=(5, 4))
    axes = figure.subplots()
    points = [(1.0, 1.0), (1.02, 1.0), (1.0, 1.02), (1.03, 1.03), (2.0, 2.0)]
    axes.plot(*zip(*points, strict=True), "o")
    axes.margins(0.3)
    figure.draw_without_rendering()
    place_labels(
        axes, [Label(f"system {i}", [point], "black") for i, point in enumerate(points)], [(p, p) for p in points]
    )
    boxes = [text.get_window_extent() for text in axes.texts]
    assert len(boxes) == len(points)
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    pixels = axes.transData.transform(np.array(points))
    assert not any(box.contains(*pixel) for box in boxes for pixel in pixels)
    assert all(axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1 for box in boxes)


def test_labels_at_the_edge_stand_in_the_order_of_their_points_inside_the_height() -> None:
    figure = Figure(figsize=(5, 5))
    axes = figure.subplots()
    points = [(1.0, 1 + 0.001 * i) for i in range(20)] + [(2.0, 0.0)]
    axes.plot(*zip(*points, strict=True), "o")
    figure.draw_without_rendering()
    label_at_edge(axes, [Label(f"system {i:02d}", [point], "black") for i, point in enumerate(points)])
    boxes = {text.get_text(): text.get_window_extent() for text in axes.texts}
    upwards = sorted(boxes, key=lambda name: boxes[name].y0)
    assert upwards == ["system 20", *(f"system {i:02d}" for i in range(20))]
    assert all(boxes[below].y1 <= boxes[above].y0 for below, above in pairwise(upwards))
    assert all(axes.bbox.x1 < box.x0 and axes.bbox.y0 <= box.y0 and box.y1 <= axes.bbox.y1 for box in boxes.values())


@pytest.mark.parametrize("decades", [0.5, 1.4, 2, 4, 7])
def test_ticks_of_a_logarithmic_axis_do_not_cover_each_other(decades: float) -> None:
    figure = Figure(figsize=(4, 3))
    axes = figure.subplots()
    plain_log_axis(axes, "x")
    low, high = axes.set_xlim(0.009, 0.009 * 10**decades)
    figure.canvas.draw()
    ticks = zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
    boxes = [label.get_window_extent() for at, label in ticks if low <= at <= high]
    assert len(boxes) >= 2
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


def test_heights_spread_about_the_mean_of_a_tight_group() -> None:
    assert spread_out(np.array([0.0, 1.0, 2.0, 100.0]), 10).tolist() == [-9.0, 1.0, 11.0, 100.0]
    assert spread_out(np.array([0.0, 10.0]), 10).tolist() == [0.0, 10.0]


@pytest.mark.parametrize(("systems", "numbers"), [(8, True), (30, False)])
def test_the_matrix_goes_by_wer_and_fits_on_a_page(tmp_path: Path, systems: int, numbers: bool) -> None:
    recipes = {"dense": RECIPES["dense"]} | {
        f"method{i:02d}": Recipe(f"Method {i}", "unstructured", {0.65: 0.6 - 0.015 * i}) for i in range(systems - 1)
    }
    folder = build_study(tmp_path / "demo", seeds=(0,), utterances=20, troubled=False, recipes=recipes)
    collection = read_collection(folder / "runs")
    rows = table_rows(collection)
    figure = significance_matrix(rows, compare_rows(collection, rows))
    for axes, test_set in zip(figure.axes, collection.test_sets, strict=True):
        names = [label.get_text() for label in axes.get_yticklabels()]
        wers = {row.title: known(row.wer(test_set)).mean for row in rows}
        assert [wers[name] for name in names] == sorted(wers.values())
        assert any(re.search(r"\d", text.get_text()) for text in axes.texts) is numbers
    assert max(figure.get_size_inches()) < 24


def test_a_method_is_drawn_as_its_record_offers(tmp_path: Path) -> None:
    recipes = {name: RECIPES[name] for name in ("dense", "distillation")}
    folder = build_study(tmp_path / "demo", seeds=(0,), utterances=8, troubled=False, recipes=recipes)
    path = folder / "runs/distillation-0.65-seed0"
    curves = {"width": "channels", "sparsity": "sparsity (%)"}
    write_json(path / "run.json", read_json(path / "run.json") | {"drawn": {"matrices": False, "curves": curves}})
    lines = [f"{i},1,{i / 3},{40 - i},{30 - i},{i / 5}" for i in range(4)]
    write_text(path / "curves.csv", "\n".join(["step,phase,progress,width_0.heads,width_1.heads,sparsity", *lines]))
    (label,) = drawn = drawn_rows(table_rows(read_collection(folder / "runs")))
    assert (label, [row.target for row in drawn[label]]) == ("distillation", [0.65])
    width, sparsity = training(drawn[label], curves).axes
    assert [axes.get_ylabel() for axes in (width, sparsity)] == list(curves.values())
    assert [text.get_text() for text in width.texts] == ["heads"]
    means = [np.asarray(line.get_ydata()) for line in width.lines if line.get_linewidth() > 1]
    assert means[0].tolist() == [35, 34, 33, 32]
    assert np.asarray(sparsity.lines[-1].get_ydata()).tolist() == pytest.approx([0, 20, 40, 60])
    assert sparsity.lines[0].get_ydata()[0] == 65  # type: ignore[index]
    write_report(folder / "runs", folder)
    assert {path.stem for path in (folder / "figures").iterdir()} == {*ALWAYS, "training_distillation"}
