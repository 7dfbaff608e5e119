"""Training curves as TensorBoard event files, written from what a finished run recorded."""

from __future__ import annotations

from importlib.util import find_spec

from benchmark.runs.curves import read_curves
from benchmark.study.paths import RunFolder
from benchmark.system.errors import UserError
from benchmark.system.files import atomic_write

LOGS = ("tensorboard",)  # all that `--log` may be


def require_tensorboard() -> None:
    """Raises a UserError where TensorBoard, an extra of this package, is not installed."""
    if find_spec("tensorboard") is None:
        raise UserError("--log tensorboard needs a package that is not installed: pip install -e '.[tensorboard]'")


def write_events(run: RunFolder) -> None:
    """Bring `curves.csv` of a run's folder into the event files of its `tensorboard/`, replaced as a whole.

    Each column becomes a scalar over the training's steps; a run that logged no curves leaves no folder.

    Raises:
        UserError: TensorBoard is not installed, or the curves are no table of numbers.
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
