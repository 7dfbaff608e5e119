"""Labels beside points: each is read as its own point's."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text

from benchmark.report.figures.labels import Label, Point, place_labels

IN_COLUMN = {name: (1.0, float(height)) for height, name in enumerate(("lowest", "low", "high", "highest"))}


def labelled(points: dict[str, Point], obstacles: list[tuple[Point, Point]]) -> Axes:
    axes = Figure(figsize=(5, 4), dpi=100).add_subplot()
    axes.set(xlim=(0, 4), ylim=(-1, 4))
    place_labels(axes, [Label(name, [point], "black") for name, point in points.items()], obstacles)
    return axes


def gap(text: Text, point: Point) -> float:
    """Pixels from a text's box to a point."""
    axes = text.axes
    assert axes is not None
    at = axes.transData.transform(point)
    box = text.get_window_extent()
    return float(np.linalg.norm(np.clip(at, (box.x0, box.y0), (box.x1, box.y1)) - at))


def leaders(axes: Axes) -> list[npt.NDArray[np.float64]]:
    """The ends of the leader lines in pixels."""
    return [axes.transData.transform(np.asarray(line.get_xydata())) for line in axes.lines]


def test_a_label_with_room_stands_at_its_own_point() -> None:
    texts = {text.get_text(): text for text in labelled(IN_COLUMN, []).texts}
    for name in IN_COLUMN:
        assert min(IN_COLUMN, key=lambda other: gap(texts[name], IN_COLUMN[other])) == name


@pytest.mark.parametrize("spacing", [0.15, 0.25, 0.4])
def test_no_leader_passes_through_a_foreign_point(spacing: float) -> None:
    points = {f"method number {i}": (1.0, i * spacing) for i in range(9)}
    bars = [((x, y - 0.3), (x, y + 0.3)) for x, y in points.values()]
    axes = labelled(points, bars)
    for own, end in leaders(axes):
        along = np.linspace(own, end, 50)
        for point in axes.transData.transform(list(points.values())):
            if np.linalg.norm(point - own) > 12:
                assert np.linalg.norm(along - point, axis=1).min() > 5


def test_one_label_alone_needs_no_other() -> None:
    assert [text.get_text() for text in labelled({"alone": (2.0, 2.0)}, []).texts] == ["alone"]
