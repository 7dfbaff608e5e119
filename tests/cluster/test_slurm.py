"""A study through profiles/slurm on a real Slurm: one job is requeued, one is killed, and the results are the same."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import single_node
from small_study import SmallStudy

from benchmark.system.files import read_json

pytestmark = pytest.mark.cluster
SEEDS = (0, 1)
PATIENCE = 1800  # seconds
METHOD = '''
import json
import os
import time
from pathlib import Path

from benchmark.toolbox.contract import Method
from benchmark.toolbox.masks import magnitude_masks


class Outlives(Method):
    """Uniform magnitude in two phases, that leaves a mark for each attempt, and dawdles until it is released."""

    title, family, source = "Outlives", "control", "a test"

    def compress(self, job):
        seed, marks, attempt = job.generator.initial_seed(), Path(os.environ["MARKS"]), {}

        def after_step(state):
            attempt.setdefault("began", state.step)
            if state.step >= 9 and "job" not in attempt:
                attempt.update(job=os.environ.get("SLURM_JOB_ID"), process=os.getpid())
                attempt.update(devices=os.environ.get("CUDA_VISIBLE_DEVICES"))
                number = len(list(marks.glob(f"{seed}-*")))
                (marks / "new").write_text(json.dumps(attempt))
                (marks / "new").rename(marks / f"{seed}-{number}")
            if state.step >= 9 and not (marks / f"released-{seed}").exists():
                time.sleep(3)

        job.train(job.model, learning_rate=1e-3, share=0.3)
        masks = magnitude_masks(job.encoder, keep=job.target.keep)
        # Seed 0 has no checkpoint but the one that SIGTERM makes; seed 1, which is killed, has one of each step.
        seconds = [1e9, 0.0][seed]
        job.train(job.model, learning_rate=1e-3, masks=masks, after_step=after_step, checkpoint_seconds=seconds)
        return job.model
'''


@pytest.fixture
def cluster() -> Iterator[dict[str, str]]:
    """The environment of a shell on the cluster."""
    reason = single_node.missing()
    if importlib.util.find_spec("snakemake_executor_plugin_slurm") is None:
        reason = "no snakemake-executor-plugin-slurm: pip install -e '.[slurm]'"
    if reason:
        pytest.skip(reason)
    with single_node.running() as environment:
        yield environment


class Attempts:
    """The marks that attempts leave, and the release of a run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def of(self, seed: int) -> list[dict[str, Any]]:
        return [json.loads(path.read_text()) for path in sorted(self.folder.glob(f"{seed}-*"))]

    def first(self, seed: int, snakemake: subprocess.Popen[bytes]) -> dict[str, Any]:
        """Wait for the first attempt of a run to be in the middle of its second phase."""
        end = time.monotonic() + PATIENCE
        while not self.of(seed):
            assert snakemake.poll() is None
            assert time.monotonic() < end
            time.sleep(0.2)
        return self.of(seed)[0]

    def release(self, seed: int) -> None:
        (self.folder / f"released-{seed}").touch()


@pytest.fixture
def study(small_study: SmallStudy) -> SmallStudy:
    """The small study with the method above, and an evaluation that runs models, so that scoring takes a device."""
    small_study.become_project("outlives", METHOD)
    with small_study.config.open("a") as config:
        config.write("evaluations: {onnx_runtime: }\n")
    return small_study


def run(seed: int) -> str:
    return f"outlives-0.65-seed{seed}"


def test_a_requeued_and_a_killed_job_go_on_and_end_the_same(
    cluster: dict[str, str], study: SmallStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hand = Attempts(tmp_path / "by-hand")
    monkeypatch.setenv("MARKS", str(by_hand.folder))
    for seed in SEEDS:
        by_hand.release(seed)
        assert study.call("compress", run(seed)) == 0
    expected = {seed: study.result(run(seed)) for seed in SEEDS}
    shutil.rmtree(study.work / "runs")
    shutil.rmtree(study.work / "dense")

    attempts = Attempts(tmp_path / "marks")
    program = [str(Path(sys.executable).parent / "snakemake"), "--profile", "profiles/slurm"]
    program += ["--configfile", "config/small.yaml", "--slurm-init-seconds-before-status-checks", "3"]
    program += ["--set-threads", "dense=1", "compress=1", "transcribe=1", "score=1"]
    environment = {k: v for k, v in cluster.items() if k != "PYTHONPATH"} | {"MARKS": str(attempts.folder)}
    with (tmp_path / "output").open("wb") as output:
        snakemake = subprocess.Popen(
            [*program, "--", *(f"work/small/runs/{run(seed)}/run.json" for seed in SEEDS)],
            cwd=study.root,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            first = [attempts.first(seed, snakemake) for seed in SEEDS]
            subprocess.run(["scontrol", "requeue", first[0]["job"]], env=cluster, check=True)
            os.kill(first[1]["process"], signal.SIGKILL)
            for seed in SEEDS:
                attempts.release(seed)
            status = snakemake.wait(PATIENCE)
        finally:
            snakemake.kill()
    assert status == 0, (tmp_path / "output").read_text()

    assert {attempt["devices"] for attempt in first} == {"0", "1"}, "two jobs at a time, a GPU each"
    for seed in SEEDS:
        began = [attempt["began"] for attempt in attempts.of(seed)]
        assert len(began) == 2, began
        assert began[1] >= 9, "the second attempt goes on from the checkpoint of the first"
        assert study.result(run(seed)) == expected[seed]
        record = read_json(study.run(run(seed)) / "run.json")
        assert record["status"] == "ok"
        assert record["metrics"]["onnx_runtime"]["test"]
    assert [attempt["job"] for attempt in attempts.of(0)] == [first[0]["job"]] * 2, "Slurm started it again"
    assert attempts.of(1)[1]["job"] != first[1]["job"], "Snakemake submitted it again"
