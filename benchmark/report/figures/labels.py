"""Direct labels: places each text next to one of its points, where it covers nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

# No library does this well enough. Methods with the same target share one size, so their points stand in a column, and
# a leader line that passes through another system's point names the wrong system. textalloc 1.2.4 does not check
# leaders against points: in a column of nine points 9 pixels apart, two to five of its leaders pass through another
# point, and none of those drawn here. adjustText 1.4.0 lets labels overlap: four of 72 in the figures of mini.

DISTANCES = (8, 13, 20, 32, 48, 68, 90, 120)  # pixels at 100 dpi between a point and its label
ANGLES = np.linspace(0, 2 * np.pi, 24, endpoint=False)
LEADER_FROM = 14  # pixels; a label farther from its point than this gets a leader line
STEP = 3.0  # pixels between samples of a line
PASSES = 3
MARKER = 6.0  # radius of a marker in pixels

Floats = npt.NDArray[np.float64]
Point = tuple[float, float]
Segment = tuple[Point, Point]


@dataclass(frozen=True)
class Label:
    """A text and the points, in data coordinates, that it may be placed next to."""

    text: str
    anchors: list[Point]
    colour: str


@dataclass(frozen=True)
class Places:
    """The candidate places of a label, one row per place, all in pixels."""

    boxes: Floats  # left, bottom, right, top
    anchors: Floats  # the label's point
    distances: Floats  # from that point

    @property
    def ends(self) -> Floats:
        """The point of each box that is nearest to its anchor, where the leader line ends."""
        return np.clip(self.anchors, self.boxes[:, :2], self.boxes[:, 2:])

    @property
    def leaders(self) -> Floats:
        """Ten samples of each leader line, (places, 10, 2)."""
        weights = np.linspace(0, 1, 10)[None, :, None]
        return self.anchors[:, None] * (1 - weights) + self.ends[:, None] * weights


def place_labels(axes: Axes, labels: list[Label], obstacles: list[Segment], size: float = 8) -> None:
    """Write `labels` into `axes`, clear of each other and of `obstacles` (segments in data coordinates).

    The search is greedy: each label in turn takes the cheapest place in rings around its points, and a few rounds let
    the first labels react to the last ones. Call it once the axes' limits and position are final.
    """
    lines = _samples(axes, obstacles)
    places = [_places(axes, label, size) for label in labels]
    frame = np.array(axes.bbox.extents)
    fixed = [_fixed_cost(own, lines, frame) + _mistaken(own, _anchors(places, but=own)) for own in places]
    chosen: dict[int, int] = {}
    for _ in range(PASSES):
        for i, own in enumerate(places):
            cost: Floats = fixed[i].copy()
            for j, k in chosen.items():
                if j != i:
                    cost += _clash(own, places[j].boxes[k], places[j].leaders[k])
            chosen[i] = int(np.argmin(cost))
    for i, k in chosen.items():
        _write(axes, labels[i], places[i], k, size)


def _samples(axes: Axes, segments: list[Segment]) -> Floats:
    """Points every few pixels along the segments, (points, 2)."""
    found = [np.zeros((0, 2))]
    for segment in segments:
        start, end = axes.transData.transform(np.array(segment))
        n = 2 + int(np.hypot(*(end - start)) / STEP)
        found.append(np.linspace(start, end, n))
    return np.concatenate(found)


def _places(axes: Axes, label: Label, size: float) -> Places:
    text = axes.text(0, 0, label.text, fontsize=size)
    extent = text.get_window_extent()
    text.remove()
    half = np.array([extent.width / 2 + 1, extent.height / 2 + 1])
    anchors = axes.transData.transform(np.array(label.anchors))
    offsets = np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
    distances = np.array(DISTANCES, dtype=float)
    centres = anchors[:, None, None] + offsets[None, None] * (distances[None, :, None, None] + half)
    shape = centres.shape[:3]
    of_anchor = np.broadcast_to(anchors[:, None, None], (*shape, 2)).reshape(-1, 2)
    boxes = np.concatenate([centres - half, centres + half], axis=-1).reshape(-1, 4)
    of_distance = np.broadcast_to(distances[None, :, None], shape).ravel()
    return Places(boxes, of_anchor, of_distance)


def _anchors(places: list[Places], but: Places) -> Floats:
    """The points of all labels except `but`, (points, 2)."""
    found = [np.zeros((0, 2)), *(other.anchors for other in places if other is not but)]
    return np.unique(np.concatenate(found), axis=0)


def _fixed_cost(places: Places, lines: Floats, frame: Floats) -> Floats:
    """Cost of each place for its distance, leaving the axes, covering lines, and a leader that runs along a line."""
    outside = np.maximum(frame[:2] - places.boxes[:, :2], 0) + np.maximum(places.boxes[:, 2:] - frame[2:], 0)
    covered = _inside(lines[None], places.boxes[:, None], margin=4).sum(axis=1)
    away = places.leaders[:, 3:, None]  # the first third touches the point's own lines
    on_line = (np.abs(away - lines[None, None]).max(axis=-1) < STEP / 2).any(axis=2).sum(axis=1)  # all: runs along one
    cost: Floats = places.distances / 10 + 20 * outside.sum(axis=1) + 2 * covered + 5 * (covered > 0)
    cost += 4 * on_line + 4 * (on_line > 0)
    return cost


def _mistaken(places: Places, others: Floats) -> Floats:
    """Cost of each place that suggests a wrong point: it is nearer than the label's own, or the leader crosses it."""
    nearest = np.clip(others[None], places.boxes[:, None, :2], places.boxes[:, None, 2:])
    nearer = np.linalg.norm(nearest - others[None], axis=-1) < places.distances[:, None] - 1
    elsewhere = np.linalg.norm(others[None] - places.anchors[:, None], axis=-1) > 2 * MARKER
    gaps = np.linalg.norm(places.leaders[:, :, None] - others[None, None], axis=-1).min(axis=1)
    through = (gaps < MARKER) & elsewhere
    cost: Floats = 3.0 * nearer.any(axis=1) + 30.0 * through.sum(axis=1)
    return cost


def _clash(places: Places, box: Floats, leader: Floats) -> Floats:
    """Cost of each place for overlap with a label that is already placed, and for leader lines through labels."""
    apart = (places.boxes[:, :2] > box[2:] + 2) | (places.boxes[:, 2:] < box[:2] - 2)
    cost: Floats = 200 * (~apart.any(axis=1)).astype(float)
    cost += 10 * _inside(leader[None], places.boxes[:, None], margin=1).sum(axis=1)
    cost += 10 * _inside(places.leaders, box, margin=1).sum(axis=1)
    return cost


def _inside(points: Floats, boxes: Floats, margin: float) -> npt.NDArray[np.bool_]:
    """Whether points, (..., 2), lie in boxes, (..., 4)."""
    inside = (points > boxes[..., :2] - margin) & (points < boxes[..., 2:] + margin)
    return np.asarray(inside.all(axis=-1))


def _write(axes: Axes, label: Label, places: Places, chosen: int, size: float) -> None:
    box, anchor, end = places.boxes[chosen], places.anchors[chosen], places.ends[chosen]
    to_data: Any = axes.transData.inverted().transform
    x, y = to_data((box[:2] + box[2:]) / 2)
    axes.text(x, y, label.text, color=label.colour, fontsize=size, ha="center", va="center", zorder=5)
    if places.distances[chosen] > LEADER_FROM:
        xs, ys = to_data(np.stack([anchor, end])).T
        axes.plot(xs, ys, color=label.colour, linewidth=0.6, zorder=2, scalex=False, scaley=False)
