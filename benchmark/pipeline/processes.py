"""The processes of a pipeline, one per stage: they start, meet, train and report, and none outlives the others."""

from __future__ import annotations

import json
import os
import pickle
import signal
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from multiprocessing import connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch
from torch import distributed
from torch.multiprocessing.spawn import start_processes

from benchmark.pipeline.course import Course
from benchmark.pipeline.training import Stage, train_stage
from benchmark.system.errors import UserError

GRACE = 5.0  # seconds in which the others notice that a process has died


def train_in_stages(course: Course) -> list[Stage]:
    """Train a course with one process per stage on this machine; what each stage reports, in order.

    On CPUs they speak over gloo, on GPUs over NCCL. NCCL has not been tried.

    Raises:
        UserError: there are too few GPUs, or a process died; all others have been ended.
    """
    stages = course.cuts.stages
    if course.device == "cuda" and torch.cuda.device_count() < stages:
        raise UserError(f"{stages} stages need as many GPUs, but there are {torch.cuda.device_count()}")
    with tempfile.TemporaryDirectory() as folder:
        _run(_stage, (course, Path(folder)), stages)
        return [Stage(**json.loads(_report(Path(folder), index).read_text())) for index in range(stages)]


def _report(folder: Path, index: int) -> Path:
    return folder / f"{index}.json"


def _stage(index: int, course: Course, folder: Path) -> None:
    """The work of one process."""
    stages, gpu = course.cuts.stages, course.device == "cuda"
    device = torch.device("cuda", index) if gpu else torch.device("cpu")
    if gpu:
        torch.cuda.set_device(device)
    else:
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // stages))
    meeting = f"file://{folder / 'meeting'}"
    distributed.init_process_group("nccl" if gpu else "gloo", init_method=meeting, rank=index, world_size=stages)
    report = train_stage(course, index, device)
    _report(folder, index).write_text(json.dumps(asdict(report)))
    distributed.barrier()  # a stage that is done waits for those that still read from it
    distributed.destroy_process_group()


def _run(work: Callable[..., None], arguments: tuple[Any, ...], number: int) -> None:
    """Run `work(index, *arguments)` in this number of processes.

    Raises:
        UserError: one of them ended before its work was done.
    """
    context: Any = start_processes(work, arguments, nprocs=number, join=False, daemon=True)
    processes: list[BaseProcess] = context.processes
    try:
        waiting = [process.sentinel for process in processes]
        while waiting and not any(process.exitcode for process in processes):
            ended = connection.wait(waiting)
            waiting = [sentinel for sentinel in waiting if sentinel not in ended]
        if any(process.exitcode for process in processes):
            _end_soon(processes)
            raise UserError(_reason(processes, [Path(name) for name in context.error_files]))
    finally:
        for process in processes:
            process.kill()
            process.join()
        for name in context.error_files:
            Path(name).unlink(missing_ok=True)


def _end_soon(processes: list[BaseProcess]) -> None:
    """Wait a moment for the neighbours of a dead process to end too, so that all reasons are there."""
    for process in processes:
        process.join(GRACE)


def _reason(processes: list[BaseProcess], errors: list[Path]) -> str:
    """In one line why the first process died; the others only lost their connection to it."""
    for number, process in enumerate(processes, 1):
        if process.exitcode is not None and process.exitcode < 0:
            name = signal.Signals(-process.exitcode).name
            return f"stage {number} of the pipeline was killed by {name}; all others were ended"
    first = min((path for path in errors if path.exists()), key=lambda path: path.stat().st_mtime_ns, default=None)
    if first is None:
        return "a stage of the pipeline ended early; all others were ended"
    *_, line = pickle.loads(first.read_bytes()).strip().splitlines()
    known = f"{UserError.__module__}.{UserError.__qualname__}: "
    return f"stage {errors.index(first) + 1} of the pipeline failed: {line.removeprefix(known)}; all others were ended"
