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
from paper_figs.published import CTC, SUPERB, WHISPER, Published, by_protocol, read_published
from paper_figs.studies import Study, read_study
from paper_figs.wer_against_ratio import PROTOCOL, comparable


@pytest.fixture(scope="module")
def published() -> list[Published]:
    return read_published()


@pytest.fixture(scope="module")
def studies(tmp_path_factory: pytest.TempPathFactory) -> list[Study]:
    """A study of the paper, one of Whisper, one whose test sets are not LibriSpeech's, and one without results."""
    results, demo = tmp_path_factory.mktemp("results"), reported_study(tmp_path_factory.getbasetemp())
    for name in ("librispeech", "whisper-tiny"):
        as_paper_study(demo, results, name)
    as_paper_study(demo, results, "mini-full", full=False)
    return [read_study(name, results) for name in ("librispeech", "whisper-tiny", "mini-full", "whisper-base")]


def drawn(studies: list[Study], published: list[Published], protocol: str) -> Figure:
    return wer_against_ratio.draw(comparable(studies, protocol), by_protocol(published)[protocol], PROTOCOL[protocol])


def texts(figure: Figure) -> set[str]:
    return {text.get_text() for axes in figure.axes for text in axes.texts}


def caption(figure: Figure) -> str:
    return figure.get_supxlabel()


def test_a_panel_names_our_methods_and_the_published_points(studies: list[Study], published: list[Published]) -> None:
    figure = drawn(studies, published, CTC)
    panels = {axes.get_title(loc="left"): axes for axes in figure.axes}
    assert set(panels) == {"wav2vec2-base, test-clean", "wav2vec2-base, test-other"}
    clean = {text.get_text() for text in panels["wav2vec2-base, test-clean"].texts}
    assert clean == {recipe.title for recipe in RECIPES.values()} | {"published: dense, 6.10 %"}
    gates = next(row for row in studies[0].rows if row.name == "Self-pinching gates, 65 %")
    points = [point for line in figure.axes[0].lines for point in np.asarray(line.get_xydata()).tolist()]
    assert [gates.ratio, 100 * gates.wer["test-clean"].mean] in points


def test_a_published_number_without_a_model_is_drawn_with_none(
    studies: list[Study], published: list[Published]
) -> None:
    figure = drawn(studies, published, CTC)
    assert not any("7.05" in text for text in texts(figure))
    assert "not drawn: self-pinching gates, 7.05 % at 4.26x" in caption(figure)


def test_without_comparable_studies_published_points_stand_alone(published: list[Published]) -> None:
    figure = drawn([], published, CTC)
    assert texts(figure) == {"dense (wav2vec2-base), 6.10 %", "self-pinching gates (model not stated), 7.05 %"}
    assert "Nothing of ours" in caption(figure)


def test_protocols_share_no_figure(studies: list[Study], published: list[Published]) -> None:
    figures = {protocol: drawn(studies, published, protocol) for protocol in (CTC, WHISPER)}
    titles = {protocol: {axes.get_title(loc="left") for axes in figure.axes} for protocol, figure in figures.items()}
    assert {title.partition(",")[0] for title in titles[CTC]} == {"wav2vec2-base"}
    assert {title.partition(",")[0] for title in titles[WHISPER]} == {"Whisper tiny.en"}
    assert "published: dense, 5.60 %" in texts(figures[WHISPER]) - texts(figures[CTC])
    groups = by_protocol(published)
    superb = superb_points.draw(groups[SUPERB])
    assert {row.system for row in groups[SUPERB]} == texts(superb)
    assert not texts(superb) & (texts(figures[CTC]) | texts(figures[WHISPER]))


def test_labels_do_not_collide(studies: list[Study], published: list[Published]) -> None:
    with figure_style():
        figures = [drawn(shown, published, CTC) for shown in (studies, [])]
        figures += [drawn(studies, published, WHISPER), superb_points.draw(by_protocol(published)[SUPERB])]
    for figure in figures:
        for axes in figure.axes:
            boxes = [text.get_window_extent() for text in axes.texts]
            assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_a_figure_is_written_only_if_it_has_something_to_show(
    studies: list[Study], published: list[Published], tmp_path: Path
) -> None:
    wer_against_ratio.build(studies[:1], published, tmp_path)
    superb_points.build(studies, published, tmp_path)
    names = {f"{name}.{suffix}" for name in ("wer_against_ratio", "superb_points") for suffix in ("png", "pdf")}
    assert {path.name for path in tmp_path.iterdir()} == names
    wer_against_ratio.build(studies, published, tmp_path)
    names |= {f"whisper_wer_against_ratio.{suffix}" for suffix in ("png", "pdf")}
    assert {path.name for path in tmp_path.iterdir()} == names
