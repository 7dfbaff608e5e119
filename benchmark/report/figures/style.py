"""The common style of all figures: readable in black and white, and the same bytes on every run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from PIL import Image

from benchmark.system.files import atomic_write

COLOURS = ("#0072B2", "#B34700", "#00735C", "#9C3C80", "#7A6000", "#4D4D4D", "#1B4F9C", "#8A1C1C")
MARKERS = "osD^vPX*"
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (3, 3)), (0, (1, 2)))
DPI = 200
COLOURS_OF_PNG = 128  # a third of the bytes, and no difference to see
FAINT = 0.45  # opacity of points that another system dominates


@dataclass(frozen=True)
class Look:
    """How one method or family is drawn in every figure."""

    colour: str
    marker: str
    dashes: str | tuple[int, tuple[int, ...]] = "-"
    size: float = 6.0


def look(index: int) -> Look:
    """The look of the index-th method of a table; after eight, colours repeat with other markers and dashes."""
    shifted = index + index // len(COLOURS)
    return Look(COLOURS[index % len(COLOURS)], MARKERS[shifted % len(MARKERS)], DASHES[shifted % len(DASHES)])


@contextmanager
def figure_style() -> Iterator[None]:
    """Matplotlib settings for the block, independent of the user's own."""
    settings: Any = {
        "font.family": "DejaVu Sans",  # comes with matplotlib
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.color": "#E4E4E4",
        "grid.linewidth": 0.6,
        "axes.axisbelow": True,
        "pdf.fonttype": 42,
        "figure.dpi": 100,
    }
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(settings)
        yield


def lay_out(figure: Figure) -> None:
    """Fix every panel's final position, which labels next to points depend on; drawing does not change it."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")


def save(figure: Figure, folder: Path, name: str) -> None:
    """Write `<name>.png` (200 dpi, a palette of colours) and `<name>.pdf` without time stamps."""
    drawn = BytesIO()
    figure.savefig(drawn, format="png", dpi=DPI)
    figure.set_layout_engine("none")  # computed once, for both files
    with Image.open(drawn) as image, atomic_write(folder / f"{name}.png") as partial:
        palette = image.convert("RGB").quantize(COLOURS_OF_PNG, dither=Image.Dither.NONE)
        palette.save(partial, format="png", optimize=True, dpi=(DPI, DPI))
    with atomic_write(folder / f"{name}.pdf") as partial:
        figure.savefig(partial, format="pdf", metadata={"CreationDate": None})


class PlainTicks(LogLocator):
    """Ticks at 1, 2, 3, 5, 7 of every decade, or at fewer if there are many decades."""

    def tick_values(self, vmin: float, vmax: float) -> Any:
        """Ticks between two values."""
        decades = math.log10(vmax / vmin)
        self.set_params(subs=(1.0, 2.0, 3.0, 5.0, 7.0) if decades < 1.5 else (1.0, 3.0) if decades < 3 else (1.0,))
        return super().tick_values(vmin, vmax)


def plain_log_axis(axes: Axes, which: str) -> None:
    """A logarithmic axis whose ticks read 1, 2, 5, 10."""
    getattr(axes, f"set_{which}scale")("log")
    axis = getattr(axes, f"{which}axis")
    axis.set_major_locator(PlainTicks())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
