"""Functions for the Snakefile: the chosen study, the inputs, parameters and resources of its rules. No torch."""

from __future__ import annotations

import math
import os
import sys
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmark.evaluations.contract import evaluation_path
from benchmark.runs import trials
from benchmark.runs.evaluated import dense_plan, runs_models
from benchmark.runs.event_files import LOGS, require_tensorboard
from benchmark.runs.ownership import refuse_other_file
from benchmark.runs.retries import Attempts
from benchmark.runs.sources import source_files
from benchmark.study.file import load_study, read_yaml
from benchmark.study.plan import RunPlan, Study
from benchmark.system import project
from benchmark.system.errors import UserError, suggestion
from benchmark.training.allowance import BudgetConfig

DEFAULT = Path("config/mini.yaml")
OPTIONS = {"reuse", "log"}  # the keys that `--config` accepts
# Time limits of a cluster's jobs; see docs/clusters.md. How long a budget of work takes depends on the model and the
# node. This is a slow case, so most jobs end far earlier.
UNITS_A_SECOND = 20
MARGIN = 1.25
OVERHEAD_MINUTES = 30  # not covered by a budget: starting, loading, front-end features, exporting, decoding


def chosen_study(config_files: Sequence[Path], config: Mapping[str, Any]) -> Study:
    """The study of `--configfile`, or the default one.

    Raises:
        UserError: two files were given, `--config` changes the study (its file must show what was run) or asks for an
            unknown log, or the results of this name were made from another file.
    """
    if len(config_files) > 1:
        raise UserError("a study is one file: give --configfile one path")
    path = Path(os.path.relpath(config_files[0])) if config_files else DEFAULT
    in_file = read_yaml(path)
    changed = sorted(key for key, value in config.items() if in_file.get(key) != value and key not in OPTIONS)
    if changed:
        raise UserError(
            f"--config takes only reuse=true and log=tensorboard, not {', '.join(changed)}: change {path}, or copy it"
        )
    if log := config.get("log"):
        if log not in LOGS:
            raise UserError(f"--config log={log} is not supported: choose {', '.join(LOGS)}")
        require_tensorboard()
    study = load_study(path)
    refuse_other_file(study)
    return study


def corpus_files(study: Study) -> list[str]:
    """The corpus's files, if it has one per split. Other corpora have too many files to watch."""
    if study.corpus.root is None:
        return []
    splits = dict.fromkeys([study.corpus.train, study.corpus.dev, *study.corpus.tests])
    return _existing(study.corpus.root / f"{split}.parquet" for split in splits)


def described(part: Any) -> str:
    """A part of a study in words. When Snakemake runs a rule again, it shows how these words have changed."""
    return f"{type(part).__name__}: " + ", ".join(f"{key} {_from_root(value)}" for key, value in asdict(part).items())


def dense_files(study: Study) -> list[str]:
    """All files of the dense start, if it is a local folder; the identity of the dense stage covers them too."""
    folder = project.ROOT / study.dense.model
    return _existing(sorted(folder.iterdir())) if folder.is_dir() else []


def method_files(plan: RunPlan) -> list[str]:
    """The source of a run's method, and of the shared code that it imports."""
    return [os.path.relpath(path) for path in source_files(plan.method)]


def tuned_files(plan: RunPlan) -> list[str]:
    """What a search depends on: the files of its method, and the rules of searching."""
    return [*method_files(plan), os.path.relpath(trials.__file__)]


def tuned_settings(plan: RunPlan) -> str:
    """The settings that a search does not vary, in words."""
    return f"set by the study: {plan.settings}"


def evaluation_files(study: Study) -> list[str]:
    """The evaluations' source files and the dense run's transcripts, if the study has any evaluations."""
    files = [os.path.relpath(evaluation_path(name)) for name in study.evaluations]
    dense = dense_plan(study) if files else None
    return files + ([os.path.relpath(study.work.run(dense.run).transcribed)] if dense else [])


def search_files(study: Study, plan: RunPlan) -> list[str]:
    """The result of the search that a run waits for, if any."""
    path = study.search_file(plan)
    return [] if path is None else [os.path.relpath(path)]


def training_files(study: Study, plan: RunPlan) -> list[str]:
    """The result of the run whose training this one shares, if any: the first run of its label and seed."""
    first = study.all_targets(plan)[0]
    if first is plan or not plan.one_training:
        return []
    return [os.path.relpath(study.work.run(first.run).compressed)]


def threads(allowed: int, devices: int) -> int:
    """A timed job's share of the available cores that `snakemake -j` allows."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(there, allowed) // devices)


def scoring_devices(study: Study) -> int:
    """Number of devices that scoring takes: one if an evaluation runs models."""
    return int(runs_models(study))


def gpus(study: Study) -> int:
    """Number of GPUs that a timed job requests from a cluster."""
    return 0 if study.hardware.device == "cpu" else 1


def minutes(budgets: Iterable[BudgetConfig]) -> int:
    """Minutes that a job with these budgets requests from a cluster."""
    seconds = sum(budget.limit / (1 if budget.kind == "device_seconds" else UNITS_A_SECOND) for budget in budgets)
    return OVERHEAD_MINUTES + math.ceil(MARGIN * seconds / 60)


def dense_budgets(study: Study) -> list[BudgetConfig]:
    """The budget of the dense stage, if it trains."""
    return [study.dense.fine_tune.budget] if study.dense.fine_tune else []


def tuning_budgets(study: Study) -> list[BudgetConfig]:
    """The budgets of one search: one per trial."""
    return [study.tuning.budget] * len(study.tuning.learning_rates) if study.tuning else []


def failures(study: Study, plan: RunPlan) -> str:
    """How often a run has failed, in words that Snakemake can compare and show."""
    return f"failed before: {Attempts.of(study.work.run(plan.run)).failures}"


def _existing(paths: Iterable[Path]) -> list[str]:
    return [os.path.relpath(path) for path in paths if path.is_file()]


def _from_root(value: object) -> object:
    """A path relative to the project, so that a study does not depend on where the project lies."""
    return os.path.relpath(value, project.ROOT) if isinstance(value, Path) else value


def asked_of_snakemake() -> Namespace:
    """The arguments of the snakemake call; the defaults if another program runs the Snakefile."""
    from snakemake.cli import get_argument_parser  # type: ignore[import-untyped]

    program = Path(sys.argv[0])
    called = program.name == "snakemake" or program.parent.name == "snakemake"  # `python -m snakemake`
    arguments: Namespace = get_argument_parser().parse_args(sys.argv[1:] if called else [])
    return arguments


def refuse_unreadable_study() -> None:
    """Exit with one line if `--configfile` cannot be read. Snakemake itself would end in a traceback."""
    for path in asked_of_snakemake().configfile or ():
        try:
            read_yaml(Path(path))
        except UserError as error:
            sys.exit(f"error: {error}")


def refuse_unknown_targets(workflow: Any) -> None:
    """Refuse a target that is not a rule, not the output of a rule and not an existing file.

    Raises:
        UserError: a target is unknown; the message suggests the nearest rule.
    """
    rules = {rule.name: rule for rule in workflow.rules}
    for target in asked_of_snakemake().targets:
        made = any(rule.is_producer(os.path.relpath(target)) for rule in rules.values())
        if target not in rules and not made and not Path(target).exists():
            whole = [name for name, rule in rules.items() if not rule.has_wildcards()]
            raise UserError(f'no rule makes "{target}"{suggestion(target, whole)}')
