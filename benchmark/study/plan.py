"""A study as typed values: what it is made on, what its methods may spend, and the list of its runs. No torch here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from benchmark.corpora.choice import CorpusConfig
from benchmark.system import project
from benchmark.system.devices import Device
from benchmark.system.errors import UserError, suggestion
from benchmark.training.allowance import BudgetConfig


@dataclass(frozen=True)
class FineTuneConfig:
    """Fine-tuning of the dense start on the study's training data.

    `speeds`: factors of speed perturbation, drawn anew for every batch.
    """

    budget: BudgetConfig
    learning_rate: float
    speeds: tuple[float, ...] = (0.9, 1.0, 1.1)
    dropout: float = 0.1
    spec_augment: bool = True


@dataclass(frozen=True)
class DenseConfig:
    """The starting point: a local folder or a Hugging Face id with a pinned revision.

    `published_wer`: WER of the model in percent by split, as its authors give it; a study whose dense model differs by
    more than `tolerance` points stops before it compares anything.
    """

    model: str
    revision: str | None = None
    fine_tune: FineTuneConfig | None = None
    published_wer: dict[str, float] = field(default_factory=dict)
    tolerance: float = 0.3


@dataclass(frozen=True)
class TrainingConfig:
    """What all methods share in training."""

    batch_seconds: float = 32.0
    gradient_accumulation: int = 1
    frozen_frontend: bool = True
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    warmup: float = 0.1
    dropout: float = 0.0
    spec_augment: bool = False


@dataclass(frozen=True)
class HardwareConfig:
    """Where runs are computed. In no identity: it says where, not what, and each record names its device.

    `spin`: on a CPU that has nothing else to do threads may spin; see benchmark/system/waiting.py.
    """

    device: Device = "auto"
    spin: bool = False


@dataclass(frozen=True)
class EvaluationConfig:
    """Decoding: the batches are fixed, since with padding the output depends on them."""

    batch_seconds: float = 32.0


@dataclass(frozen=True)
class TuningConfig:
    """The same small search for every trained method, on the dev set: see benchmark/runs/search.py.

    `budget`: of each trial. `learning_rates`: those to try, in this order. `tunable`: by method, a setting and the two
    values of it to try instead of the method's own.
    """

    budget: BudgetConfig
    learning_rates: tuple[float, ...]
    tunable: dict[str, tuple[str, object, object]] = field(default_factory=dict)


def run_name(label: str, target: float | None, seed: int | None) -> str:
    """Name of a run, and of its folder; `seed` is None where nothing is random and one run stands for all seeds."""
    return label + (f"-{target:g}" if target is not None else "") + (f"-seed{seed}" if seed is not None else "")


@dataclass(frozen=True)
class RunPlan:
    """One run: a method with its settings, a target (None where it takes none) and a seed.

    `budget_share`: of the study's budget; less than all where a study asks how little would do.
    """

    run: str
    label: str
    method: str
    target: float | None
    seed: int
    settings: dict[str, object]
    budget_share: float = 1  # no float: a whole number's share stays whole, and so do identities

    @property
    def search(self) -> str:
        """Name of the search for its settings: one a label and target, whatever the seed."""
        return self.run.removesuffix(f"-seed{self.seed}")


@dataclass(frozen=True)
class Study:
    """A whole study."""

    name: str
    path: Path
    corpus: CorpusConfig
    dense: DenseConfig
    budget: BudgetConfig
    training: TrainingConfig
    evaluation: EvaluationConfig
    runs: tuple[RunPlan, ...]
    tuning: TuningConfig | None = None
    settings_from: str | None = None
    hardware: HardwareConfig = HardwareConfig()
    unnamed: frozenset[str] = frozenset()  # labels of the methods that only its `*` stands for

    @property
    def work(self) -> Path:
        """Folder of intermediate files: prepared audio, models, unfinished runs."""
        return project.ROOT / "work" / self.name

    @property
    def results(self) -> Path:
        """Folder of records, tables and figures."""
        return project.ROOT / "results" / self.name

    @property
    def own_results(self) -> Path:
        """Folder of one's own results where they differ from committed ones; git ignores it."""
        return self.work / "results"

    @property
    def shown_results(self) -> Path:
        """Folder of the results to read: one's own if there are any."""
        return self.own_results if (self.own_results / "runs").is_dir() else self.results

    def budget_of(self, plan: RunPlan) -> BudgetConfig:
        """What a run may compute."""
        return replace(self.budget, limit=plan.budget_share * self.budget.limit)

    def search_file(self, plan: RunPlan) -> Path | None:
        """The search that sets a run's settings: this study's own, made or not, or a published one if there is one."""
        if self.tuning:
            return self.work / "tuning" / f"{plan.search}.json"
        if self.settings_from is None:
            return None
        published = project.ROOT / "results" / self.settings_from / "tuning" / f"{plan.search}.json"
        return published if published.is_file() else None

    def run(self, name: str) -> RunPlan:
        """A run by name.

        Raises:
            UserError: the study has no such run.
        """
        for plan in self.runs:
            if plan.run == name:
                return plan
        raise UserError(f'study {self.name} has no run "{name}"{suggestion(name, [p.run for p in self.runs])}')
