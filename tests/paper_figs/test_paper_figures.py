"""The paper's figures: which points a panel holds, that protocols never share one, that labels do not collide."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from studied import as_paper_study
from synthetic_study import RECIPES, reported_study

from benchmark.report.figures.style import figure_style
from paper_figs import superb_points, wer_against_ratio
from paper_figs.published import CTC, SUPERB, Published, by_protocol, read_published
from paper_figs.studies import Study, read_study


@pytest.fixture(scope="module")
def published() -> list[Published]:
    return read_published()


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> list[Study]:
    results = tmp_path_factory.mktemp("results")
    as_paper_study(reported_study(tmp_path_factory.getbasetemp()), results)
    return [read_study(name, results) for name in ("librispeech", "librispeech-hubert-large")]


def texts(figure: Figure) -> set[str]:
    return {text.get_text() for axes in figure.axes for text in axes.texts}


def test_a_panel_names_our_methods_and_the_published_points(studies: list[Study], published: list[Published]) -> None:
    figure = wer_against_ratio.draw(studies, by_protocol(published)[CTC])
    panels = {axes.get_title(loc="left"): axes for axes in figure.axes}
    clean = {text.get_text() for text in panels["wav2vec2-base, test-clean"].texts}
    assert clean == {recipe.title for recipe in RECIPES.values()} | {
        "published: dense, 6.10 %",
        "published: self-pinching gates, 7.05 %",
    }
    waiting = panels["HuBERT-large, test-clean: not run"]
    assert [text.get_text() for text in waiting.texts] == ["published: self-pinching gates, 7.05 %"]
    gates = next(row for row in studies[0].rows if row.name == "Self-pinching gates, 65 %")
    drawn = [point for line in figure.axes[0].lines for point in np.asarray(line.get_xydata()).tolist()]
    assert [gates.ratio, 100 * gates.wer["test-clean"].mean] in drawn


def test_protocols_share_no_figure(studies: list[Study], published: list[Published]) -> None:
    groups = by_protocol(published)
    ours, superb = wer_against_ratio.draw(studies, groups[CTC]), superb_points.draw(groups[SUPERB])
    assert {row.system for row in groups[SUPERB]} == texts(superb)
    assert not texts(superb) & texts(ours)
    assert not any(row.system in text for row in groups[SUPERB] for text in texts(ours) if text.startswith("published"))


def test_labels_do_not_collide(studies: list[Study], published: list[Published]) -> None:
    groups = by_protocol(published)
    with figure_style():
        figures = [wer_against_ratio.draw(studies, groups[CTC]), superb_points.draw(groups[SUPERB])]
    for figure in figures:
        for axes in figure.axes:
            boxes = [text.get_window_extent() for text in axes.texts]
            assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_both_formats_are_written(studies: list[Study], published: list[Published], tmp_path: Path) -> None:
    wer_against_ratio.build(studies, published, tmp_path)
    superb_points.build(studies, published, tmp_path)
    names = {f"{name}.{suffix}" for name in ("wer_against_ratio", "superb_points") for suffix in ("png", "pdf")}
    assert {path.name for path in tmp_path.iterdir()} == names
