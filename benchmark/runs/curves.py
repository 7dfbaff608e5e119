"""The training curves of a run, `curves.csv`: one row per logged step, one column per quantity. No torch."""

from __future__ import annotations

import pandas as pd

from benchmark.study.paths import RunFolder
from benchmark.system.errors import UserError

PLACE = ("step", "phase")  # columns with a row's position in the training
MOST = 2**53  # steps; a float cannot hold every larger integer


def read_curves(run: RunFolder) -> pd.DataFrame:
    """Read a run's curves; empty if it logged none. Values that are not finite are kept.

    Raises:
        UserError: the file is not a table of numbers, or has no steps or no phases.
    """
    path = run.curves
    if not path.exists():
        return pd.DataFrame()
    try:
        curves = pd.read_csv(path, encoding="utf-8")
    except pd.errors.EmptyDataError:
        return pd.DataFrame()
    except (OSError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{path} is not a table ({reason}); repeat the run or delete the file") from None
    if fault := _fault(curves):
        raise UserError(f"{path} {fault}; repeat the run or delete the file")
    return curves


def _fault(curves: pd.DataFrame) -> str | None:
    """The fault in a table of curves, or None."""
    if missing := [name for name in PLACE if name not in curves.columns]:
        return f"lacks {', '.join(missing)}"
    for name in curves.columns:
        if not pd.api.types.is_numeric_dtype(curves[name]) or pd.api.types.is_bool_dtype(curves[name]):
            return f"holds something other than numbers in its column {name}"
    for name in PLACE:
        if not (curves[name].between(0, MOST) & (curves[name] % 1 == 0)).all():
            return f"has a {name} that is not a whole number"
    return None
