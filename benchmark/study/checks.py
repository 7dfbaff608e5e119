"""Checks that a study can pass or fail before its first job. They import the study's methods.

Results of earlier calls are not checked again: the corpus may be deleted once it is prepared.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NotRequired

from typing_extensions import TypedDict

from benchmark.corpora.survey import SplitSize, survey
from benchmark.models.architectures.sizes import sizes_of
from benchmark.models.source import (
    CONFIG_ONLY,
    GENERATION,
    encoder_matrices,
    encoder_parameters,
    estimated_parameters,
    layers,
    model_folder,
    read_config,
)
from benchmark.models.weight_files import weight_files
from benchmark.study.needs import disk_bytes, memory_bytes, model_bytes
from benchmark.study.plan import RunPlan, Study
from benchmark.study.registry import load_method
from benchmark.system import project
from benchmark.system.devices import CPU, Device, devices
from benchmark.system.errors import LOWER_BATCH, UserError
from benchmark.system.files import read_json
from benchmark.system.validated import Count, NotNegative, checked
from benchmark.toolbox.contract import Method
from benchmark.toolbox.requirements import missing


@dataclass(frozen=True)
class Finding:
    """The result of one check, and whether the study can run with it."""

    about: str
    text: str
    ok: bool = True

    def __str__(self) -> str:
        return f"{self.about}: {self.text}"


class _Size(TypedDict):
    utterances: Count
    seconds: NotNegative


class Prepared(TypedDict):
    """The part of `data.json` that holds the sizes of the prepared splits."""

    splits: NotRequired[dict[str, _Size]]


def check(study: Study, *, methods: bool = True) -> list[Finding]:
    """Everything that can be checked before the first job.

    Args:
        study: the study. Reading its file has already checked its keys, numbers, method names and settings.
        methods: also check that each method imports and accepts its settings. A method that does not fails only its
            own runs.
    """
    basics = {"corpus": _corpus, "model": _model, "dense row": _dense_row}
    findings = [_finding(about, find, study) for about, find in basics.items()]
    if all(finding.ok for finding in findings):
        sized = {"targets": _targets, "disk": _disk, "memory": _memory}
        findings += [_finding(about, find, study) for about, find in sized.items()]
    names = dict.fromkeys(plan.method for plan in study.runs) if methods else ()
    return findings + [_finding(f"method {name}", partial(_method, name), study) for name in names]


def problems(study: Study) -> list[str]:
    """Problems that would stop the study's first jobs, one line each; those that fail only single runs are left out."""
    return [str(finding) for finding in check(study, methods=False) if not finding.ok]


def _finding(about: str, find: Callable[[Study], str], study: Study) -> Finding:
    try:
        return Finding(about, find(study))
    except UserError as error:
        return Finding(about, str(error), ok=False)


def _corpus(study: Study) -> str:
    if not (sizes := _sizes(study)):
        return f"{study.corpus.name}: prepared"
    splits = (f"{split} {size.utterances:,} utterances" for split, size in sizes.items())
    hours = sum(size.seconds for size in sizes.values()) / 3600
    return f"{study.corpus.name}: {', '.join(splits)}; about {hours:.1f} hours"


def _sizes(study: Study) -> dict[str, SplitSize]:
    """Sizes of the splits, read from the prepared data if it holds all of them."""
    path = study.work.data_summary
    if path.exists():
        summary = checked(read_json(path), Prepared, str(path))
        sizes = {
            name: SplitSize(size["utterances"], size["seconds"]) for name, size in summary.get("splits", {}).items()
        }
        if not sizes or sizes.keys() >= {study.corpus.train, study.corpus.dev, *study.corpus.tests}:
            return sizes
    return survey(study.corpus)


def _model(study: Study) -> str:
    folder = _folder(study)
    config = read_config(folder)
    sizes = sizes_of(config["model_type"], str(folder))
    if (project.ROOT / study.dense.model).is_dir():
        weight_files(folder)
    if study.dense.fine_tune is None or (folder / "vocab.json").exists():
        sizes.check_tokenizer(folder, config)
    sizes.check_language(_generation(folder), study.dense.language)
    size = f"{layers(config)} layers, {estimated_parameters(config) / 1e6:.1f} M parameters"
    return f"{study.dense.model}: {config['model_type']}, {size}"


def _generation(folder: Path) -> dict[str, object]:
    """The generation config in a model's folder; empty if there is none."""
    path = folder / GENERATION
    return checked(read_json(path), dict[str, object], str(path)) if path.exists() else {}


def _folder(study: Study) -> Path:
    """The folder with the dense model's config: the study's own model if it exists, else the model it starts from."""
    path, made = study.work.dense_record, study.work.dense_model
    if path.exists() and (made / "config.json").exists():
        record = checked(read_json(path), dict[str, object], str(path))
        if record.get("source") == study.dense.model:
            return made
    here = project.ROOT / study.dense.model
    return model_folder(here if here.is_dir() else study.dense.model, study.dense.revision, CONFIG_ONLY)[0]


def _dense_row(study: Study) -> str:
    """Name of the dense run, which every other row is compared with."""
    for plan in study.runs:
        if plan.family == "dense":
            return plan.run
    raise UserError("`methods` has no `dense:`, which all tables need: add it")


def _targets(study: Study) -> str:
    """Refuse targets that leave no weights. Whether a method can reach the others shows only when it runs."""
    config = read_config(_folder(study))
    weights, number = encoder_parameters(config), encoder_matrices(config)
    targets = sorted({plan.target for plan in study.runs if plan.target is not None})
    for target in targets:
        if round((1 - target) * weights) < number:
            raise UserError(
                f"target {target} leaves less than one weight in each of the encoder's {number} matrices: lower it"
            )
    return f"{', '.join(f'{100 * target:g} %' for target in targets) or 'none'} of {weights / 1e6:.1f} M weights"


def _disk(study: Study) -> str:
    config, sizes = read_config(_folder(study)), _sizes(study)
    needed = disk_bytes(study, config, sizes)
    place = next(path for path in (study.work.path, *study.work.path.parents) if path.exists())
    free = shutil.disk_usage(place).free
    if needed > free:
        raise UserError(
            f"{study.work} needs about {_gb(needed)}, but {_gb(free)} are free: make room, or make work/ a link to a "
            "larger disk"
        )
    return f"about {_gb(needed)} more needed, {_gb(free)} free"


def _memory(study: Study) -> str:
    config = read_config(_folder(study))
    needed, models = memory_bytes(study, config), model_bytes(config)
    there, of = _memory_there(study.hardware.device)
    if there is None:
        return f"about {_gb(needed)} per timed job; {of}"
    if models > there:
        raise UserError(
            f"the model, its gradients and moments take {_gb(models)}, but {of} has {_gb(there)}: use a larger one"
        )
    advice = f": {LOWER_BATCH}" if needed > there else ""
    return f"about {_gb(needed)} per timed job, {of} has {_gb(there)}{advice}"


def _memory_there(asked: Device) -> tuple[float | None, str]:
    """Memory in bytes of the smallest device that jobs may use, and its name."""
    if devices(asked) == [CPU]:
        if asked == "cuda":
            return None, "this machine has no GPU to compare with"
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")), "this machine"
    query = ["nvidia-smi", "--query-gpu=uuid,memory.total", "--format=csv,noheader,nounits"]
    try:
        listed = subprocess.run(query, capture_output=True, text=True, timeout=60).stdout.splitlines()
        mebibytes = dict(line.split(", ") for line in listed)
        return min(float(mebibytes[name]) for name in devices(asked) if name in mebibytes) * 2**20, "the smallest GPU"
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return None, "the memory of the GPU is unknown"


def _method(name: str, study: Study) -> str:
    """Import a method and construct it with the settings of each of its runs."""
    method = load_method(name)
    if lacking := missing(method.requirements):
        raise UserError(lacking)
    for plan in study.runs:
        if plan.method == name:
            _construct(method, plan)
    return f"{method.title} ({method.family})"


def _construct(method: type[Method], plan: RunPlan) -> None:
    try:
        method(plan.settings)
    except Exception as error:  # the author's own checks may raise anything
        reason = " ".join(str(error).split())
        raise UserError(
            f'the method refuses the settings of "{plan.label}": {type(error).__name__}: {reason}'
        ) from None


def _gb(size: float) -> str:
    return f"{size / 1e9:.1f} GB"
