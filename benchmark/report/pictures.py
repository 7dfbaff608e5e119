"""Chooses the figures of a study, and writes their captions."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure

from benchmark.report.comparisons import Comparisons
from benchmark.report.error_bars import bars_caption
from benchmark.report.layer_figures import drawn_rows, matrix_sparsity, rows_with_curves, training
from benchmark.report.rows import Row
from benchmark.report.scatter import wer_against_parameters, wer_against_time
from benchmark.report.significance_figure import significance_matrix


@dataclass(frozen=True)
class Picture:
    """A figure; `name` is its file name without suffix."""

    name: str
    title: str
    caption: str
    figure: Figure


def draw(rows: list[Row], comparisons: Comparisons) -> list[Picture]:
    """Draw every figure that the study has data for; call it inside `figure_style`."""
    pictures = []
    if comparisons.test_sets:
        pictures += _wer_pictures(rows, comparisons)
    if comparisons.tests:
        caption = (
            "What MAPSSWE says of the line's system against the column's, the lowest WER first: blue better, orange "
            "worse, strong shade and `*` after Holm's correction, pale shade and `°` only before it. With few systems "
            "also the WER difference in points."
        )
        figure = significance_matrix(rows, comparisons)
        pictures.append(Picture("significance_matrix", "Significance of all pairs", caption, figure))
    for label, own in drawn_rows(rows).items():
        pictures += _own_pictures(label, own)
    return pictures


def _wer_pictures(rows: list[Row], comparisons: Comparisons) -> list[Picture]:
    dense = "The dotted line is dense." if comparisons.dense else "There is no dense row."
    return [
        Picture(
            "wer_vs_parameters",
            "WER against remaining parameters",
            "A line joins a method's targets. Filled points are on the Pareto front (grey steps), hollow ones have "
            f"another system that is no larger and errs no more. {dense} {bars_caption(rows, comparisons)}",
            wer_against_parameters(rows, comparisons),
        ),
        Picture(
            "wer_vs_time",
            "WER against compression time",
            "Wall-clock time of the compression, without loading, exporting and evaluation, one line of panels a "
            f"target. {dense} {bars_caption(rows, comparisons)}",
            wer_against_time(rows, comparisons),
        ),
    ]


def _own_pictures(label: str, rows: list[Row]) -> list[Picture]:
    """The figures that the method of these rows offers."""
    title, drawn, pictures = rows[0].title, rows[0].finished[0].record["drawn"], []
    if drawn["matrices"]:
        caption = "Weights removed from each encoder matrix in per cent, mean over the seeds; darker is sparser."
        figure = matrix_sparsity(rows)
        pictures.append(Picture(f"matrices_{label}", f"{title}: sparsity of each matrix", caption, figure))
    if logged := rows_with_curves(rows, drawn["curves"]) if drawn["curves"] else []:
        caption = (
            "What the first seed logged over the training; the dotted line is the target. Where each layer has a "
            "value, the thick line is the mean over the layers."
        )
        figure = training(logged, drawn["curves"])
        pictures.append(Picture(f"training_{label}", f"{title}: training", caption, figure))
    return pictures
