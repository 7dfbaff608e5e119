"""A study that no model ever ran: random references, hypotheses by seeded corruption, records around them."""

from __future__ import annotations

import math
import os
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from benchmark.report.study_report import write_report
from benchmark.runs.records import SCHEMA
from benchmark.scoring.trn import write_trn
from benchmark.scoring.wer import word_errors
from benchmark.system.files import hash_of, write_json, write_text

VOCABULARY = [
    first + second for first in "bdfgklmnprst" for second in ("an", "el", "ip", "ost", "ure", "ay", "in", "oke")
]
TEST_SETS = {"test-clean": 1.0, "test-other": 2.2}  # how much harder a set is than the first
MATRICES = ("q", "k", "v", "out", "ffn_in", "ffn_out")
LAYERS, ATTENTION, FFN = 6, 192 * 192, 4 * 192 * 192  # matrices of two sizes
ENCODER = LAYERS * (4 * ATTENTION + 2 * FFN)
TOTAL = ENCODER + 1_100_000


@dataclass(frozen=True)
class Recipe:
    """How one label behaves: its error rate by target, its speed and its place in the tables."""

    title: str
    family: str
    errors: dict[float | None, float]
    seconds: float = 240.0
    method: str | None = None
    stages: int = 1


RECIPES = {
    "dense": Recipe("Dense", "dense", {None: 0.050}, seconds=0.0),
    "dense_finetuned": Recipe("Dense, fine-tuned", "control", {None: 0.044}, seconds=231.0),
    "self_pinching": Recipe("Self-pinching gates", "unstructured", {0.65: 0.052, 0.85: 0.085}, seconds=262.0),
    "uniform_magnitude": Recipe("Uniform magnitude", "unstructured", {0.65: 0.054, 0.85: 0.125}, seconds=243.0),
    "distillation": Recipe("Distillation", "distilled", {0.65: 0.11, 0.85: 0.16}, seconds=305.0, stages=2),
    "random_pruning": Recipe("Random pruning", "control", {0.65: 0.21, 0.85: 0.42}, seconds=239.0),
}
FAILED = ("random_pruning", 0.85, 1)
OVER_BUDGET = ("distillation", 0.85, 2)


def build_study(
    folder: Path,
    seeds: tuple[int, ...] = (0, 1, 2),
    utterances: int = 60,
    troubled: bool = True,
    recipes: dict[str, Recipe] = RECIPES,
) -> Path:
    """Write `study.json`, `ref/` and `runs/` of a study into `folder`.

    With `troubled` one run failed and one ran over its budget.
    """
    write_json(folder / "study.json", {"file": "config/made.yaml", "reference": "self_pinching"})
    references = {name: _references(name, utterances) for name in TEST_SETS}
    for name, sentences in references.items():
        write_trn(folder / "ref" / f"{name}.trn", sentences)
    for label, recipe in recipes.items():
        for target, rate in recipe.errors.items():
            for seed in seeds if label != "dense" else (0,):
                record = _record(folder.name, label, recipe, target, seed)
                if troubled and (label, target, seed) == FAILED:
                    record |= {"status": "failed", "reason": "the loss is nan at step 12 | a lower rate may help"}
                elif troubled and (label, target, seed) == OVER_BUDGET:
                    record |= {"status": "over_budget", "reason": "18123 of 18000 units at step 900"}
                else:
                    _finish(folder, record, recipe, target, seed, rate, references)
                write_json(folder / "runs" / str(record["run"]) / "run.json", record)
    return folder


def reported_study(parent: Path) -> Path:
    """A study with one failed and one over-budget run and its report in the same folder, made once for all workers."""
    shared = parent.parent if "PYTEST_XDIST_WORKER" in os.environ else parent
    folder, done = shared / "demo", shared / "demo is done"
    with FileLock(shared / "demo.lock"):
        if not done.exists():
            build_study(folder, utterances=120)
            write_report(folder / "runs", folder)
            done.touch()
    return folder


def _references(test_set: str, utterances: int) -> dict[str, str]:
    draw = random.Random(test_set)
    return {
        f"speaker{i % 12}-{test_set}-{i:04d}": " ".join(draw.choice(VOCABULARY) for _ in range(draw.randint(4, 10)))
        for i in range(utterances)
    }


def corrupt(sentences: dict[str, str], rate: float, seed: str) -> dict[str, str]:
    """Replace, drop or double about `rate` of the words; a hard word is hard for every seed."""
    hard, own = random.Random("difficulty"), random.Random(seed)
    corrupted = {}
    for name, text in sentences.items():
        heard: list[str] = []
        for word in text.split():
            wrong = 0.7 * hard.random() + 0.3 * own.random() < _quantile(rate)
            kind = own.random() if wrong else 1.0
            if kind < 0.7:
                heard.append(own.choice(VOCABULARY))
            elif kind >= 0.85:
                heard += [word] if kind == 1.0 else [word, word]
        corrupted[name] = " ".join(heard)
    return corrupted


def _quantile(rate: float) -> float:
    """Quantile of 0.7 U + 0.3 U', by the lower tail of a trapezoid, exact up to rate 0.21 and near enough above."""
    return math.sqrt(2 * 0.7 * 0.3 * rate) if rate <= 0.214 else 0.15 + 0.7 * rate


def _record(study: str, label: str, recipe: Recipe, target: float | None, seed: int) -> dict[str, Any]:
    run = label + (f"-{target:g}" if target else "") + (f"-seed{seed}" if label != "dense" else "")
    seconds = recipe.seconds * (1 + 0.03 * random.Random(run).uniform(-1, 1))
    return {
        "schema": SCHEMA,
        "study": study,
        "run": run,
        "identity": hash_of(run),
        "label": label,
        "method": recipe.method or label,
        "title": recipe.title,
        "family": recipe.family,
        "stages": recipe.stages,
        "target_sparsity": target,
        "seed": seed,
        "settings": {"learning_rate": 2e-4} if label != "dense" else {},
        "status": "ok",
        "reason": None,
        "budget": {"kind": "work", "limit": 18000.0, "spent": 17991.5 if label != "dense" else 0.0},
        "compression_seconds": seconds,
        "phases": {"train": 0.96 * seconds, "other": 0.04 * seconds},
        "notes": [],
        "log": {},
        "data_hash": "d" * 64,
        "dense_hash": "e" * 64,
        "provenance": {
            "git_commit": "0123456789abcdef0123456789abcdef01234567",
            "packages": {"torch": "2.11.0", "transformers": "5.17.0"},
            "python": "3.11.9",
            "device": "cpu",
            "cpu": "A processor",
            "cores": 2,
            "started": f"2025-06-0{seed + 1}T10:00:00+00:00",
        },
    }


def _finish(
    folder: Path,
    record: dict[str, Any],
    recipe: Recipe,
    target: float | None,
    seed: int,
    rate: float,
    references: dict[str, dict[str, str]],
) -> None:
    """Add what only a finished run has: sizes, scores, hypotheses, curves."""
    run_folder = folder / "runs" / record["run"]
    sparsity = (target or 0.0) * (0.98 if recipe.family == "distilled" else 1.0)
    record["matrices"] = _matrices(sparsity, record["label"])
    record["footprint"] = footprint(record["matrices"], TOTAL - ENCODER)
    record["footprint"]["bytes_on_disk"] += ENCODER // 8 if recipe.family == "unstructured" else 0
    record["footprint"]["macs_per_second"] *= 1 - sparsity / 2 if recipe.family == "distilled" else 1.0
    faster = 1 / (1 - sparsity / 2) if recipe.family == "distilled" else 1.0
    record["speedup"] = {"median": faster, "low": 0.9 * faster, "high": 1.1 * faster}
    record["scores"] = {}
    for test_set, harder in TEST_SETS.items():
        seed_rate = rate * harder * (1 + 0.06 * random.Random(record["run"]).uniform(-1, 1))
        hypotheses = corrupt(references[test_set], min(0.9, seed_rate), record["run"] + test_set)
        write_trn(run_folder / "hyp" / f"{test_set}.trn", hypotheses)
        record["scores"][test_set] = scored(references[test_set], hypotheses)
    if record["method"] == "self_pinching" and target:
        record["drawn"] = {"matrices": True, "curves": {"sparsity": "sparsity (%)", "threshold": "threshold θ"}}
        write_text(run_folder / "curves.csv", _gate_curves(target, seed))


def footprint(matrices: list[dict[str, Any]], other_parameters: int) -> dict[str, Any]:
    """The sizes of a model with these matrices and so many parameters outside them, all of which remain."""
    encoder, left = (sum(matrix[key] for matrix in matrices) for key in ("parameters", "remaining"))
    return {
        "total_parameters": encoder + other_parameters,
        "remaining_parameters": left + other_parameters,
        "encoder_matrix_parameters": encoder,
        "encoder_sparsity": 1 - left / encoder,
        "compression_ratio": (encoder + other_parameters) / (left + other_parameters),
        "bytes_on_disk": 4 * (left + other_parameters),
        "macs_per_second": 2.4e8,
    }


def failed(record: dict[str, Any], reason: str) -> dict[str, Any]:
    """The record of a run that ended without a model."""
    results = ("footprint", "matrices", "scores", "speedup")
    return {key: value for key, value in record.items() if key not in results} | {"status": "failed", "reason": reason}


def with_errors(score: dict[str, Any], substitutions: int) -> dict[str, Any]:
    """A score of so many substitutions and no other errors, which agrees with itself."""
    counts = {"errors": substitutions, "substitutions": substitutions, "deletions": 0, "insertions": 0}
    return score | counts | {"wer": substitutions / score["words"]}


def scored(references: dict[str, str], hypotheses: dict[str, str]) -> dict[str, Any]:
    """A record's score, counted by the suite's own scorer."""
    counted = word_errors(references, hypotheses)
    return {
        "utterances": counted.utterances,
        "words": counted.words,
        "errors": counted.errors,
        "substitutions": counted.substitutions,
        "deletions": counted.deletions,
        "insertions": counted.insertions,
        "wer": counted.errors / counted.words,
        "real_time_factor": 0.02,
        "seconds": 8.0,
    }


def _matrices(sparsity: float, label: str) -> list[dict[str, Any]]:
    """Early attention loses more than late feed-forward, about `sparsity` on the whole."""
    matrices = []
    for layer in range(LAYERS):
        for kind in MATRICES:
            size = FFN if kind.startswith("ffn") else ATTENTION
            tilt = (2.5 - layer) * 0.025 - (0.04 if kind.startswith("ffn") else -0.08)
            gone = min(0.99, sparsity + (tilt if label.startswith("self_pinching") else 0.0)) if sparsity else 0.0
            matrices.append({"layer": layer, "matrix": kind, "parameters": size, "remaining": round(size * (1 - gone))})
    return matrices


def _gate_curves(target: float, seed: int, steps: int = 100) -> str:
    names = [f"threshold_{layer}.{kind}" for layer in range(LAYERS) for kind in MATRICES]
    lines = ["step,progress,loss,learning_rate,sparsity," + ",".join(names) + ",phase"]
    for step in range(steps):
        progress = (step + 1) / steps
        sparsity = min(target, 3.2 * target * progress) - 0.002 * random.Random(f"{seed}{step}").random()
        thresholds = [
            f"{0.05 * target * min(1, 3.2 * progress) * (1.4 - 0.06 * (i // 6) - 0.07 * (i % 6)):.6f}"
            for i in range(len(names))
        ]
        loss = f"{30 * math.exp(-3 * progress) + 4:.4f}" if step % 2 == 0 else ""
        lines.append(f"{step},{progress:.4f},{loss},0.0002,{max(0.0, sparsity):.5f}," + ",".join(thresholds) + ",1")
    return "\n".join(lines) + "\n"
