"""A study as typed values: its corpus and dense model, its methods' budgets, and the list of its runs.

Reading a study does not import torch. Listing its runs imports the methods, and torch with them, unless the runs are
kept from before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field
from pydantic.dataclasses import dataclass as typed_dataclass

from benchmark.study.kept_plan import kept_or_planned, plan_key
from benchmark.study.keys import EVERY_OTHER, MethodOptions, StudyKeys
from benchmark.study.paths import ResultsFolder, WorkFolder
from benchmark.study.registry import BrokenMethod, load_method, method_names, method_path
from benchmark.system.errors import UserError, suggestion
from benchmark.system.files import hash_of
from benchmark.system.strict_yaml import one_line
from benchmark.system.typed_yaml import KEYS
from benchmark.training.allowance import BudgetConfig

if TYPE_CHECKING:
    from benchmark.toolbox.contract import Method


def run_name(label: str, target: float | None, seed: int | None) -> str:
    """Name of a run and of its folder; `seed` is None where nothing is random and one run stands for all seeds."""
    return label + (f"-{target:g}" if target is not None else "") + (f"-seed{seed}" if seed is not None else "")


@dataclass(frozen=True)
class RunPlan:
    """One run: a method with its settings, a target (None if the method takes none) and a seed.

    `budget_share`: share of the study's budget; less than 1 where a study tests how small a budget is enough. `family`
    and `one_training` are those of the method; None and False if its file is broken. `searched_at`: the target at which
    the settings are searched, if that is another one.
    """

    run: str
    label: str
    method: str
    target: float | None
    seed: int
    settings: dict[str, object]
    budget_share: float = 1  # an int, so that a whole limit times it stays whole, and identities do not change
    family: str | None = None
    one_training: bool = False
    searched_at: float | None = None

    @property
    def search(self) -> str:
        """Name of the search for the run's settings: one per label and target, for all seeds.

        Where one training serves all targets it has one search too, at the first of them.
        """
        return run_name(self.label, self.searched_at or self.target, None)


@typed_dataclass(frozen=True, config=KEYS)
class Study(StudyKeys):
    """A whole study: its keys, the path of its file, and the runs that it plans."""

    path: Path = Field(kw_only=True)

    @cached_property
    def runs(self) -> tuple[RunPlan, ...]:
        """All runs, in the order of the file.

        Raises:
            UserError: the study's options for a method do not fit the method.
        """
        try:
            methods = {options.method or label for label, options in named_methods(self.methods).items()}
            keys = [getattr(self, key.name) for key in fields(StudyKeys)]
            key = plan_key(keys, [method_path(name) for name in sorted(methods)])
            kept = kept_or_planned(self.work.plan, key, lambda: _plan_to_keep(self, methods))
        except UserError as error:
            raise UserError(f"{self.path}: {one_line(str(error))}") from None
        return tuple(RunPlan(**run) for run in kept)  # type: ignore[arg-type]  # as they were written

    @property
    def unnamed(self) -> frozenset[str]:
        """Labels of the methods that only the study's `*` includes."""
        return frozenset(plan.label for plan in self.runs) - self.methods.keys()

    @property
    def work(self) -> WorkFolder:
        """Folder of intermediate files: prepared audio, models, unfinished runs."""
        return WorkFolder.of(self.name)

    @property
    def results(self) -> ResultsFolder:
        """Folder of records, tables and figures."""
        return ResultsFolder.of(self.name)

    @property
    def shown_results(self) -> ResultsFolder:
        """Folder of the results to read: your own if there are any."""
        return self.work.own_results if self.work.own_results.runs.is_dir() else self.results

    def budget_of(self, plan: RunPlan) -> BudgetConfig:
        """The budget of a run."""
        return replace(self.budget, limit=plan.budget_share * self.budget.limit)

    def search_file(self, plan: RunPlan) -> Path | None:
        """The search that sets a run's settings: the study's own, finished or not, or else a published one if any."""
        if self.tuning:
            return self.work.search(plan.search)
        if self.settings_from is None:
            return None
        published = ResultsFolder.of(self.settings_from).search(plan.search)
        return published if published.is_file() else None

    def require_name(self, name: str) -> None:
        """Refuse the name of a run or a search whose label, target or seed the study does not have.

        Methods are imported only if it is refused. Without them it is not known which of them take a target or a seed.

        Raises:
            UserError: the study has no such run.
        """
        label = name.partition("-")[0]
        if options := named_methods(self.methods).get(label):
            targets, seeds = options.targets or self.targets, options.seeds or self.seeds
            if name in {run_name(label, target, seed) for target in (None, *targets) for seed in (None, *seeds)}:
                return
        self.run(name)  # its error lists the runs

    def all_targets(self, plan: RunPlan) -> list[RunPlan]:
        """All runs with the label and seed of `plan`, one per target, in the study's order; `plan` is one of them."""
        return [other for other in self.runs if (other.label, other.seed) == (plan.label, plan.seed)]

    def run(self, name: str) -> RunPlan:
        """Return a run by name.

        Raises:
            UserError: the study has no such run.
        """
        for plan in self.runs:
            if plan.run == name:
                return plan
        raise UserError(f'study {self.name} has no run "{name}"{suggestion(name, [p.run for p in self.runs])}')


def _plan_to_keep(study: Study, methods: Iterable[str]) -> tuple[list[dict[str, object]], bool]:
    """A study's runs, and whether all of its methods import."""
    runs = [asdict(plan) for plan in plan_runs(study)]
    try:
        for name in methods:
            load_method(name)
    except BrokenMethod:
        return runs, False
    return runs, True


def plan_runs(study: Study) -> tuple[RunPlan, ...]:
    """Return all runs of a study. Imports its methods; a broken method is planned with the contract's defaults.

    Raises:
        UserError: a method does not exist or lacks a setting that the study gives it, or two runs are identical.
    """
    runs: dict[str, RunPlan] = {}
    for label, options in named_methods(study.methods).items():
        name = options.method or label
        method = _declared(name, options.settings)
        seeded = method.seeded or bool(options.settings.get("fine_tune"))
        targets = (options.targets or study.targets) if method.takes_target else [None]
        for target in targets:
            for seed in (options.seeds or study.seeds) if seeded else [study.seeds[0]]:
                run = run_name(label, target, seed if seeded else None)
                if run in runs:
                    pair = f"{runs[run].target} and {target}"
                    raise UserError(f'targets {pair} of "{label}" give the same run name, {run}: keep one of them')
                runs[run] = RunPlan(
                    run,
                    label,
                    name,
                    target,
                    seed,
                    options.settings,
                    options.budget_share,
                    family=getattr(method, "family", None),
                    one_training=method.one_training,
                    searched_at=targets[0] if method.one_training else None,
                )
    for name, tried in (study.tuning.tunable if study.tuning else {}).items():
        for setting, values in tried.items():
            for value in values:
                _declared(name, {setting: value})
    _refuse_twins(runs.values())
    if not runs:
        raise UserError(f'`methods` plans no run: its "{EVERY_OTHER}" excludes every method')
    return tuple(runs.values())


def _declared(name: str, settings: dict[str, object]) -> type[Method]:
    """A method's class, checked to take these settings. A broken file gives the base class, and its runs say why."""
    from benchmark.study.settings import check_settings
    from benchmark.toolbox.contract import Method

    try:
        method = load_method(name)
    except BrokenMethod:
        return Method
    check_settings(name, method, settings)
    return method


def _refuse_twins(runs: Iterable[RunPlan]) -> None:
    """Refuse two identical runs under different names: they would be trained twice, and no table accepts that."""
    first: dict[str, RunPlan] = {}
    for plan in runs:
        other = first.setdefault(hash_of(asdict(replace(plan, run="", label=""))), plan)
        if other is not plan:
            raise UserError(f'"{other.label}" and "{plan.label}" mean the same runs: keep one of them')


def named_methods(methods: Mapping[str, MethodOptions | None]) -> dict[str, MethodOptions]:
    """Return options by label. `*` becomes all methods that no label or `method:` names, without those in `except`.

    Raises:
        UserError: `except` names a method that does not exist.
    """
    taken = methods.keys() | {options.method for options in methods.values() if options}
    named: dict[str, MethodOptions] = {}
    for label, given in methods.items():
        options = given or MethodOptions()
        if label == EVERY_OTHER:
            named |= {name: options for name in _all_but(options.leave_out) if name not in taken}
        else:
            named[label] = options
    return named


def _all_but(excepted: tuple[str, ...]) -> list[str]:
    names = method_names()
    for name in excepted:
        if name not in names:
            raise UserError(f'unknown method "{name}" in methods."*".except{suggestion(name, names)}')
    return [name for name in names if name not in excepted]
