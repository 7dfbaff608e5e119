"""Writes a finished run's training curves as TensorBoard event files."""

from __future__ import annotations

from importlib.util import find_spec

from benchmark.runs.curves import read_curves
from benchmark.study.paths import RunFolder
from benchmark.system.errors import UserError
from benchmark.system.files import atomic_write

LOGS = ("tensorboard",)  # the values that `--log` accepts


def require_tensorboard() -> None:
    """Raise a UserError if TensorBoard, an optional dependency, is not installed."""
    if find_spec("tensorboard") is None:
        raise UserError("--log tensorboard needs a package that is not installed: pip install -e '.[tensorboard]'")


def write_events(run: RunFolder) -> None:
    """Convert a run folder's `curves.csv` to event files in its `tensorboard/`, replacing that folder as a whole.

    Each column becomes a scalar over the training steps. A run without curves gets no folder.

    Raises:
        UserError: TensorBoard is not installed, or the curves are not a table of numbers.
    """
    require_tensorboard()
    from torch.utils.tensorboard import SummaryWriter

    curves = read_curves(run)
    if curves.empty:
        return
    with atomic_write(run.events) as partial, SummaryWriter(str(partial)) as writer:
        for name in curves.columns.drop("step"):
            for step, value in curves[["step", name]].dropna().itertuples(index=False):
                writer.add_scalar(name, value, int(step))
