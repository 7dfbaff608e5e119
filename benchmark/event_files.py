"""Training curves as TensorBoard event files, written from what a finished run recorded."""

from __future__ import annotations

import csv
from importlib.util import find_spec
from pathlib import Path

from benchmark.errors import UserError
from benchmark.files import whole

LOGS = ("tensorboard",)  # all that `--log` may be
FOLDER = "tensorboard"  # in a run's folder


def require_tensorboard() -> None:
    """Raises a UserError where TensorBoard, an extra of this package, is not installed."""
    if find_spec("tensorboard") is None:
        raise UserError("--log tensorboard needs a package that is not installed: pip install -e '.[tensorboard]'")


def write_events(run_folder: Path) -> None:
    """Bring `<run_folder>/curves.csv` into the event files of `<run_folder>/tensorboard/`, replaced as a whole.

    Each column becomes a scalar over the training's steps; a run that logged no curves leaves no folder.

    Raises:
        UserError: TensorBoard is not installed.
    """
    require_tensorboard()
    from torch.utils.tensorboard import SummaryWriter

    curves = run_folder / "curves.csv"
    rows = list(csv.DictReader(curves.open(encoding="utf-8", newline=""))) if curves.exists() else []
    if not rows:
        return
    with whole(run_folder / FOLDER) as partial, SummaryWriter(str(partial)) as writer:
        for row in rows:
            step = int(float(row.pop("step")))
            for name, value in row.items():
                if value:
                    writer.add_scalar(name, float(value), step)
