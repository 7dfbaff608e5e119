"""A study: its YAML, checked, as typed values; and the list of its runs. Does not import torch."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from benchmark.devices import Device
from benchmark.errors import UserError
from benchmark.registry import check_settings, method_names, method_traits, suggestion

ROOT = Path(__file__).resolve().parent.parent
SCHEMA_FILE = ROOT / "config" / "schema.json"
EVERY_OTHER = "*"  # key in `methods`: all that the study does not name


@dataclass(frozen=True)
class CorpusConfig:
    """Which speech; `root` None downloads it, where the corpus can. `limit`: utterances a split, for smoke tests.
    `partial`: do with a part of an official split.

    Longer utterances than `max_seconds` are left out of `train`; the other splits are whole, as others score them.
    """

    name: str
    train: str
    dev: str
    tests: tuple[str, ...]
    root: Path | None = None
    max_seconds: float = 20.0
    download: bool = False
    resample: bool = False
    limit: int | None = None
    partial: bool = False


@dataclass(frozen=True)
class BudgetConfig:
    """What every run may compute, in work units or device seconds; see docs/budgets-and-sizes.md."""

    kind: Literal["work", "device_seconds"]
    limit: float


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
    """Where runs are computed. In no identity: it says where, not what, and each record names its device."""

    device: Device = "auto"


@dataclass(frozen=True)
class EvaluationConfig:
    """Decoding: the batches are fixed, since with padding the output depends on them."""

    batch_seconds: float = 32.0


@dataclass(frozen=True)
class TuningConfig:
    """The same small search for every trained method, on the dev set: see benchmark/tuning.py.

    `budget`: of each trial. `learning_rates`: those to try, in this order.
    """

    budget: BudgetConfig
    learning_rates: tuple[float, ...]


@dataclass(frozen=True)
class RunPlan:
    """One run: a method with its settings, a target (None where it takes none) and a seed."""

    run: str
    label: str
    method: str
    target: float | None
    seed: int
    settings: dict[str, object]

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

    @property
    def work(self) -> Path:
        """Folder of intermediate files: prepared audio, models, unfinished runs."""
        return ROOT / "work" / self.name

    @property
    def results(self) -> Path:
        """Folder of records, tables and figures."""
        return ROOT / "results" / self.name

    def search_file(self, plan: RunPlan) -> Path | None:
        """The search that sets a run's settings: this study's own, made or not, or a published one if there is one."""
        if self.tuning:
            return self.work / "tuning" / f"{plan.search}.json"
        if self.settings_from is None:
            return None
        published = ROOT / "results" / self.settings_from / "tuning" / f"{plan.search}.json"
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


def load_study(path: Path) -> Study:
    """Read and check a study's YAML.

    Raises:
        UserError: the file is missing, is not YAML, or asks for something that does not exist.
    """
    return parse_study(_extended(read_yaml(path), path), path)


def _extended(config: dict[str, Any], path: Path) -> dict[str, Any]:
    """A study that `extends` another one, a file beside it, takes over all keys that it does not set itself."""
    if "extends" not in config:
        return config
    base = read_yaml(path.parent / str(config["extends"]))
    if "extends" in base:
        raise UserError(f"{path} extends {config['extends']}, which itself extends another study: one level is enough")
    return base | {key: value for key, value in config.items() if key != "extends"}


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file as a dictionary.

    Raises:
        UserError: the file is missing or is not a YAML mapping.
    """
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"study {path} does not exist; there are: {_studies()}") from None
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(config, dict):
        raise UserError(f"{path} holds no study: it must be a mapping that starts with `name:`")
    return config


def _studies() -> str:
    return ", ".join(f"config/{path.name}" for path in sorted((ROOT / "config").glob("*.yaml")))


def parse_study(config: dict[str, Any], path: Path) -> Study:
    """Check a study's configuration against config/schema.json and the methods, and type it."""
    _validate(config, path)
    _check_settings_from(config, path)
    try:
        runs = _plan_runs(config)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    return Study(
        name=config["name"],
        path=path,
        corpus=_corpus(config["corpus"]),
        dense=_dense(config["dense"]),
        budget=BudgetConfig(**config["budget"]),
        training=TrainingConfig(**config.get("training", {})),
        evaluation=EvaluationConfig(**config.get("evaluation", {})),
        runs=runs,
        tuning=_tuning(config.get("tuning")),
        settings_from=config.get("settings_from"),
        hardware=HardwareConfig(**config.get("hardware", {})),
    )


def _dense(config: dict[str, Any]) -> DenseConfig:
    recipe = config.get("fine_tune")
    if recipe:
        speeds = tuple(recipe.get("speeds", FineTuneConfig.speeds))
        recipe = FineTuneConfig(**(recipe | {"budget": BudgetConfig(**recipe["budget"]), "speeds": speeds}))
    return DenseConfig(**(config | {"fine_tune": recipe}))


def _tuning(config: dict[str, Any] | None) -> TuningConfig | None:
    if not config:
        return None
    return TuningConfig(BudgetConfig(**config["budget"]), tuple(config["learning_rates"]))


def _corpus(config: dict[str, Any]) -> CorpusConfig:
    """The environment variable PINCHBENCH_<CORPUS>_ROOT, such as PINCHBENCH_AN4_ROOT, goes before the file's root."""
    root = os.environ.get(f"PINCHBENCH_{config['name'].upper()}_ROOT") or config.get("root")
    return CorpusConfig(**(config | {"root": ROOT / root if root else None, "tests": tuple(config["tests"])}))


def _plan_runs(config: dict[str, Any]) -> tuple[RunPlan, ...]:
    runs = []
    for label, options in _named_methods(config["methods"]).items():
        method, settings = options.get("method", label), options.get("settings", {})
        traits = method_traits(method)
        check_settings(method, settings)
        for target in options.get("targets", config["targets"]) if traits.takes_target else [None]:
            for seed in options.get("seeds", config["seeds"]) if traits.seeded else [config["seeds"][0]]:
                at = f"-{target:g}" if target is not None else ""
                run = label + at + (f"-seed{seed}" if traits.seeded else "")
                runs.append(RunPlan(run, label, method, target, seed, settings))
    return tuple(runs)


def _named_methods(methods: dict[str, dict[str, Any] | None]) -> dict[str, dict[str, Any]]:
    """Options by label, with `*` spelt out: all methods but its `except` and those that a label or `method:` names."""
    options = {label: given or {} for label, given in methods.items()}
    taken = options.keys() | {given["method"] for given in options.values() if "method" in given}
    named: dict[str, dict[str, Any]] = {}
    for label, given in options.items():
        if label == EVERY_OTHER:
            others = _all_but(given.get("except", []))
            named |= {name: {k: v for k, v in given.items() if k != "except"} for name in others if name not in taken}
        else:
            named[label] = given
    return named


def _all_but(excepted: list[str]) -> list[str]:
    names = method_names()
    for name in excepted:
        if name not in names:
            raise UserError(f'unknown method "{name}" in methods."*".except{suggestion(name, names)}')
    return [name for name in names if name not in excepted]


def _validate(config: dict[str, Any], path: Path) -> None:
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    error = best_match(Draft202012Validator(schema).iter_errors(config))
    if error is not None:
        raise UserError(f"{path}: {_explain(error)}")


def _check_settings_from(config: dict[str, Any], path: Path) -> None:
    name = config.get("settings_from")
    if name is not None and config.get("tuning"):
        raise UserError(f"{path} has both `tuning` and `settings_from`: keep the one that is to choose the settings")
    if name is not None and not (searches := ROOT / "results" / name / "tuning").is_dir():
        raise UserError(f"{path}: settings_from is {name}, but {searches} does not exist: run that study first")


def _explain(error: ValidationError) -> str:
    """One line for a schema error, with the nearest key for a misspelt one."""
    place = ".".join(str(part) for part in error.absolute_path)
    if error.validator == "additionalProperties":
        schema: Any = error.schema
        known = sorted(schema["properties"])
        instance: Any = error.instance
        unknown = sorted(set(instance) - set(known))[0]
        return f'unknown key "{place + "." if place else ""}{unknown}"{suggestion(unknown, known)}'
    if error.validator in ("exclusiveMinimum", "exclusiveMaximum") and "targets" in place:
        return f"target {error.instance} ({place}) is outside (0, 1): it is the share of weights to remove"
    return f"{place or 'the study'}: {error.message}"
