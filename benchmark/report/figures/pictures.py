"""Chooses the figures of a study, with their captions."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure

from benchmark.report.figures.free_removal_figure import wer_increase
from benchmark.report.figures.layer_figures import drawn_rows, matrix_sparsity, rows_with_curves, training
from benchmark.report.figures.own_figures import own_figure
from benchmark.report.figures.pareto import EQUAL_SIZE, EQUAL_TIME
from benchmark.report.figures.ranking_figure import ranking
from benchmark.report.figures.scatter import wer_against_parameters, wer_against_time
from benchmark.report.figures.significance_figure import significance_matrix
from benchmark.report.prose.filling import plain_text
from benchmark.report.rows.all_seeds import AllSeeds
from benchmark.report.rows.comparisons import Comparisons
from benchmark.report.rows.error_bars import bars_caption
from benchmark.report.rows.machines import timed_elsewhere
from benchmark.report.rows.matrix_shares import has_decoder
from benchmark.report.rows.rows import Row, percent, target_heading
from benchmark.report.rows.standings import compared_targets
from benchmark.report.tables.free_removal import Removal
from benchmark.report.tables.own_tables import OwnTable
from benchmark.report.tables.significance_tables import rivals

RANKING = "ranking_"  # names of these figures begin so


@dataclass(frozen=True)
class Picture:
    """A figure; `name` is its file name without suffix."""

    name: str
    title: str
    caption: str
    figure: Figure


def draw(
    rows: list[Row], comparisons: Comparisons, all_seeds: AllSeeds, free: dict[str, list[Removal]], own: list[OwnTable]
) -> list[Picture]:
    """Draw every figure that the study has data for, the rankings first; call it inside `figure_style`.

    Args:
        rows: the study's rows.
        comparisons: their tests.
        all_seeds: their intervals over all seeds.
        free: how much each method removes, by test set.
        own: the tables of evaluations.
    """
    targets = compared_targets(rows) if comparisons.test_sets else []
    pictures = [_ranking(rows, target, comparisons, all_seeds) for target in targets]
    if comparisons.test_sets:
        pictures += _wer_pictures(rows, comparisons)
    if free:
        figure, caption = wer_increase(free, comparisons), _caption("wer_increase_vs_removed")
        pictures.append(Picture("wer_increase_vs_removed", "WER increase against the share removed", caption, figure))
    if comparisons.tests:
        pictures += [_matrix(shown, target, comparisons) for target, shown in rivals(rows).items()]
    for table in own:
        if table.evaluation.axes != ("", ""):
            title, caption = table.evaluation.section, _caption("own_table")
            pictures.append(Picture(table.name, title, caption, own_figure(table)))
    for label, drawn in drawn_rows(rows).items():
        pictures += _own_pictures(label, drawn)
    return pictures


def _ranking(rows: list[Row], target: float | None, comparisons: Comparisons, all_seeds: AllSeeds) -> Picture:
    figure = ranking(rows, target, comparisons.test_sets, all_seeds, comparisons.dense)
    return Picture(RANKING + _suffix(target), f"Ranking: {target_heading(target)}", _caption("ranking"), figure)


def _matrix(rows: list[Row], target: float | None, comparisons: Comparisons) -> Picture:
    figure, caption = significance_matrix(rows, comparisons), _caption("significance_matrix")
    return Picture(f"significance_{_suffix(target)}", f"Significance: {target_heading(target)}", caption, figure)


def _suffix(target: float | None) -> str:
    return "own_sizes" if target is None else f"{100 * target:g}"


def _caption(kind: str, **values: object) -> str:
    return plain_text("captions.jinja", kind=kind, **values)


def _wer_pictures(rows: list[Row], comparisons: Comparisons) -> list[Picture]:
    values = {"dense": comparisons.dense, "bars": bars_caption(rows, comparisons)}
    return [
        Picture(
            "wer_vs_parameters",
            "WER against size and transcription time",
            _caption("wer_vs_parameters", **values, equal_size=percent(EQUAL_SIZE), equal_time=percent(EQUAL_TIME)),
            wer_against_parameters(rows, comparisons),
        ),
        Picture(
            "wer_vs_time",
            "WER against compression time",
            _caption("wer_vs_time", **values, elsewhere=timed_elsewhere(rows)),
            wer_against_time(rows, comparisons),
        ),
    ]


def _own_pictures(label: str, rows: list[Row]) -> list[Picture]:
    """The figures that the method of these rows offers."""
    title, drawn, pictures = rows[0].title, rows[0].finished[0].record["drawn"], []
    if drawn["matrices"]:
        caption = _caption("matrices", decoder=has_decoder(rows[0].finished[0].record))
        figure = matrix_sparsity(rows)
        pictures.append(Picture(f"matrices_{label}", f"{title}: sparsity of each matrix", caption, figure))
    if logged := rows_with_curves(rows, drawn["curves"]) if drawn["curves"] else []:
        figure, caption = training(logged, drawn["curves"]), _caption("training")
        pictures.append(Picture(f"training_{label}", f"{title}: training", caption, figure))
    return pictures
