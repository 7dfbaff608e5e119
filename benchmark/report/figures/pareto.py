"""WER against size, shared by the static figure and the page: points, front, error bars, order, looks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from benchmark.report.figures.style import Look
from benchmark.report.rows.comparisons import Comparisons
from benchmark.report.rows.error_bars import error_bar
from benchmark.report.rows.measures import Size, bytes_on_disk, remaining_parameters, transcription_time
from benchmark.report.rows.rows import Row, known

EQUAL_SIZE = 0.005  # relative difference that counts as equal: whole ranks and heads do not meet a target exactly
EQUAL_TIME = 0.05  # the same for measured times: rows that compute the same differ by up to 4 %
WIDE = 3.0  # an axis is logarithmic if its largest value is more than this many times its smallest
LOOKS = {  # by family, in the order of legends
    "dense": Look("black", "o"),
    "unstructured": Look("#0072B2", "s"),
    "structured": Look("#B34700", "D"),
    "low-rank": Look("#00735C", "^"),
    "distilled": Look("#9C3C80", "v"),
    "quantised": Look("#7A6000", "P"),
    "shared": Look("#8A1C1C", ">"),
    "communication": Look("#1B4F9C", "X"),
    "control": Look("#6A6A6A", "<"),
}


@dataclass(frozen=True)
class SizeAxis:
    """A measure of size.

    Attributes:
        name: its name.
        title: its axis label.
        of: the function that computes it.
        unit: one unit of the axis, in the unit of `of`.
        equal: relative difference that counts as equal.
    """

    name: str
    title: str
    of: Size
    unit: float
    equal: float


SIZES = (
    SizeAxis("parameters", "remaining parameters (M)", remaining_parameters, 1e6, EQUAL_SIZE),
    SizeAxis("bytes", "weights on disk (MB)", bytes_on_disk, 1e6, EQUAL_SIZE),
    SizeAxis("time", "transcription time (% of dense)", transcription_time, 0.01, EQUAL_TIME),
)


@dataclass(frozen=True)
class Point:
    """A finished row.

    Attributes:
        row: the row.
        size: mean size over the seeds, in units of its axis.
        wer: mean WER over the seeds, in per cent.
        bar: ends of the error bar in WER, in per cent, or None.
        front: whether no other row beats it in both size and WER.
    """

    row: Row
    size: float
    wer: float
    bar: tuple[float, float] | None
    front: bool

    @property
    def look(self) -> Look:
        """Colour and marker of the row's family."""
        return look_of(self.row)


@dataclass(frozen=True)
class Pareto:
    """The points of one test set and one measure of size, in the order of the tables."""

    points: tuple[Point, ...]

    @property
    def front(self) -> list[Point]:
        """The points on the Pareto front, from large to small."""
        return sorted((point for point in self.points if point.front), key=lambda point: -point.size)

    @property
    def tracks(self) -> dict[str, list[Point]]:
        """The points that a line joins, by label: one method at all its targets."""
        tracks: dict[str, list[Point]] = {}
        for point in self.points:
            tracks.setdefault(point.row.label, []).append(point)
        return tracks


def pareto(rows: list[Row], comparisons: Comparisons, test_set: str, size: SizeAxis) -> Pareto:
    """Make a point of every finished row whose method compresses the model."""
    front = pareto_front(rows, test_set, size.of, size.equal)
    shown = [row for row in rows if row.shrinks_model and row.wer(test_set)]
    return Pareto(tuple(_point(row, comparisons, test_set, size, row in front) for row in shown))


def _point(row: Row, comparisons: Comparisons, test_set: str, size: SizeAxis, front: bool) -> Point:
    bar = error_bar(row, test_set, comparisons)
    return Point(
        row,
        known(size.of(row)).mean / size.unit,
        100 * known(row.wer(test_set)).mean,
        (100 * bar[0], 100 * bar[1]) if bar else None,
        front,
    )


def pareto_front(rows: list[Row], test_set: str, size_of: Size, equal: float) -> list[Row]:
    """Finished rows that no other beats in both size and WER, from large to small.

    If two sizes differ by no more than the share `equal`, the lower WER alone wins. A row whose method compresses
    something else than the model is not compared.
    """
    points = [(row, size_of(row), row.wer(test_set)) for row in rows if row.shrinks_model]
    measured = [(row, size.mean, wer.mean) for row, size, wer in points if size and wer]
    front = [
        (row, size)
        for row, size, wer in measured
        if not any((w < wer and s <= size * (1 + equal)) or (w == wer and s < size) for _, s, w in measured)
    ]
    return [row for row, _ in sorted(front, key=lambda point: -point[1])]


def look_of(row: Row) -> Look:
    """Colour and marker of a row's family."""
    return LOOKS[row.first["family"]]


def families(rows: Iterable[Row]) -> list[str]:
    """The families of these rows, in the order of legends."""
    found = {row.first["family"] for row in rows}
    return [family for family in LOOKS if family in found]


def is_wide(values: Iterable[float]) -> bool:
    """Whether values differ so much that their axis is logarithmic."""
    positive = [value for value in values if value > 0]
    return bool(positive) and max(positive) > WIDE * min(positive)
