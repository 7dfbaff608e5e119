"""Turns any exception that a method raises into one line: the reason in its row why there is no result."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from benchmark.system.errors import OUT_OF_MEMORY, CannotCompress, TrainingDiverged, UserError
from benchmark.toolbox.contract import Method
from benchmark.toolbox.job import Job
from benchmark.toolbox.requirements import missing
from benchmark.training.budget import OverBudget


class Failed(Exception):
    """The run cannot produce a model; the message is the reason in its row."""


def refuse_hopeless(method: Method, job: Job) -> None:
    """Refuse, before anything is computed, a run that cannot succeed.

    Raises:
        Failed: packages are missing, or the method gives a reason to skip the run.
    """
    if reason := missing(method.requirements) or method.skip(job):
        raise Failed(" ".join(reason.split()))


@contextmanager
def failures_as_reasons() -> Iterator[None]:
    """Turn any exception of the method, or of exporting its model, into one with a one-line reason."""
    try:
        yield
    except (UserError, Failed, OverBudget, CannotCompress, TrainingDiverged):
        raise
    except torch.cuda.OutOfMemoryError:
        raise Failed(OUT_OF_MEMORY) from None
    except Exception as error:
        traceback.print_exc()  # for the method's author; the row gets one line
        raise Failed(f"{type(error).__name__}: {' '.join(str(error).split())}") from error
