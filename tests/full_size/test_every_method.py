"""Every method on wav2vec2-base and HuBERT-large, random weights, real audio, a few steps: `pytest -m full_size`.

`PINCHBENCH_LIBRISPEECH_ROOT` names the audio: a folder that holds LibriSpeech/test-clean and LibriSpeech/dev-clean, or
a part of each. Peak memory and times go to `full_size-<model>.json` and `.md` in the folder `PINCHBENCH_ARTEFACTS`,
where that is set.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from small_study import copy_code
from tabulate import tabulate

from benchmark.models.checkpoints import save_dense
from benchmark.models.full_size import FULL_SIZE
from benchmark.runs.records import Provenance
from benchmark.study.file import load_study
from benchmark.study.registry import load_method, method_names
from benchmark.system.files import read_json, write_json, write_text

SIZES = {"wav2vec2-base": (94_396_320, 84_934_656, 72), "hubert-large": (315_471_520, 301_989_888, 144)}
METHODS = [name for name in method_names() if name != "distil_whisper"]  # which needs a decoder
TARGET = 0.85
LOWER_TARGETS = {"kcm": 0.5}  # it keeps all heads, so a third of the weights
UTTERANCES = 3  # transcribed
CORPUS = 10  # utterances per split
CALIBRATION_SECONDS = 10.0
LONGER = {"calibration_seconds": 25.0}  # for methods that need a frame for each neuron that is left
WEIGHT_ONLY = {"kind": "weight_only"}  # a CPU without VNNI takes minutes per sentence with dynamic integers
SETTINGS: dict[str, dict[str, Any]] = {
    "int8": WEIGHT_ONLY,
    "sam_int8": WEIGHT_ONLY,
    "kwon": LONGER,
    "kcm": LONGER | {"tolerance": 0.3},  # its own takes twelve iterations, which cost more than the whole budget
}
LIMIT = 300  # units of work: six plain steps over 16 s of audio

pytestmark = pytest.mark.full_size


@dataclass(frozen=True)
class FullSizeStudy:
    """A copy of the code with a study of every method on one model; its corpus and dense model are ready."""

    model: str
    root: Path
    audio: Path

    @property
    def work(self) -> Path:
        return self.root / "work" / "full-size"

    def run(self, method: str) -> str:
        runs = load_study(self.root / "config" / "full-size.yaml").runs
        return next(plan.run for plan in runs if plan.method == method)

    def call(self, command: str, *arguments: str) -> dict[str, float]:
        """`python -m benchmark COMMAND` in a process of its own; its seconds and its peak memory in MB."""
        start = time.monotonic()
        line = [sys.executable, "-m", "benchmark", command, "config/full-size.yaml", *arguments]
        with subprocess.Popen(line, cwd=self.root, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            errors = process.stderr.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, errors[-2000:]
        return {"seconds": round(time.monotonic() - start), "peak_mb": usage.ru_maxrss // 1024}

    def transcripts(self, model: Path) -> list[str]:
        """What `python -m benchmark transcribe` prints for some files: one line per file."""
        files = sorted(self.audio.rglob("*.flac"))[:UTTERANCES]
        line = [sys.executable, "-m", "benchmark", "transcribe", str(model), *map(str, files)]
        done = subprocess.run(line, cwd=self.root, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout.splitlines()


def settings_of(method: str) -> dict[str, Any]:
    """The method's settings in `SETTINGS`, and little calibration unless they say otherwise."""
    calibrates = "calibration_seconds" in load_method(method).Settings.__dataclass_fields__
    return ({"calibration_seconds": CALIBRATION_SECONDS} if calibrates else {}) | SETTINGS.get(method, {})


def entry(method: str) -> dict[str, Any]:
    """The method's entry in the study's file."""
    targets = {"targets": [LOWER_TARGETS[method]]} if method in LOWER_TARGETS else {}
    return {"settings": settings_of(method)} | targets


@pytest.fixture(scope="module", params=FULL_SIZE)
def study(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> FullSizeStudy:
    audio = os.environ.get("PINCHBENCH_LIBRISPEECH_ROOT")
    if not audio:
        pytest.skip("PINCHBENCH_LIBRISPEECH_ROOT names no LibriSpeech")
    root = tmp_path_factory.mktemp(request.param)
    copy_code(root)
    save_dense(FULL_SIZE[request.param](), root / "start")
    split = "test-clean"
    config = {
        "name": "full-size",
        "corpus": {"name": "librispeech", "root": audio, "partial": True, "limit": CORPUS}
        | {"train": split, "dev": "dev-clean", "tests": ["dev-clean"], "score_dev": True, "max_seconds": 19.2},
        "dense": {"model": "start"},
        "budget": {"kind": "work", "limit": LIMIT},
        "training": {"batch_seconds": 16, "frozen_frontend": True, "precision": "fp32"},
        "evaluation": {"batch_seconds": 16},
        "targets": [TARGET],
        "seeds": [0],
        "methods": {name: entry(name) for name in METHODS},
    }
    (root / "config" / "full-size.yaml").write_text(yaml.safe_dump(config))
    study = FullSizeStudy(request.param, root, Path(audio, "LibriSpeech", split))
    study.call("prepare")
    study.call("dense")
    return study


@pytest.mark.parametrize("method", METHODS)
def test_every_method_runs_at_full_size(study: FullSizeStudy, method: str) -> None:
    run, (total, weights, gates) = study.run(method), SIZES[study.model]
    cost = study.call("compress", run)
    record = json.loads((study.work / "runs" / run / "compress.json").read_text())
    assert record["status"] == "ok", record["reason"]
    footprint = record["footprint"]
    assert footprint["total_parameters"] == total
    assert footprint["encoder_matrix_parameters"] == weights
    if load_method(method).takes_target:
        allowed = total - round(LOWER_TARGETS.get(method, TARGET) * weights)
        assert footprint["remaining_parameters"] == pytest.approx(allowed, rel=0.005)
    if method == "self_pinching":
        assert sum(name.startswith("threshold_") and name != "threshold_scale" for name in record["log"]) == gates
    model = study.work / "runs" / run / "model"
    assert len(study.transcripts(model)) == UTTERANCES
    shutil.rmtree(model)
    figures = cost | {"remaining_parameters": footprint["remaining_parameters"]}
    keep(study.model, method, figures, record["provenance"])


def keep(model: str, method: str, figures: dict[str, float], provenance: Provenance) -> None:
    """Add a method's figures and processor to the model's table in the artefacts; `provenance` is the latest's."""
    folder = os.environ.get("PINCHBENCH_ARTEFACTS")
    if folder:
        path = Path(folder) / f"full_size-{model}.json"
        methods = read_json(path)["methods"] if path.exists() else {}
        methods[method] = figures | {"cpu": provenance["cpu"]}
        write_json(path, {"methods": methods, "provenance": provenance})
        write_text(path.with_suffix(".md"), table(methods) + "\n")


def table(methods: dict[str, dict[str, Any]]) -> str:
    """Markdown: what `compress` took and left, one row per method."""
    rows = [
        (
            f"`{name}`",
            f"{kept['remaining_parameters'] / 1e6:.2f}",
            f"{kept['peak_mb']:,}",
            f"{kept['seconds']:.0f}",
            kept["cpu"],
        )
        for name, kept in sorted(methods.items())
    ]
    headers = ["method", "parameters left (M)", "peak memory (MB)", "compress (s)", "processor"]
    return tabulate(rows, headers, tablefmt="github", disable_numparse=True, colalign=("left", *["right"] * 3, "left"))
