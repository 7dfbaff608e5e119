"""What runs at once: one timed job per device, and one call of Snakemake per study."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from small_study import SmallStudy

from benchmark.system.files import read_json

PATIENCE = 600  # seconds
METHOD = '''
import os
import time
from pathlib import Path

from benchmark.toolbox.contract import Method


class Waits(Method):
    """Leaves the name of its device as a mark, and waits until it is released."""

    title, family, source = "Waits", "control", "a test"
    takes_target = False

    def compress(self, job):
        marks = Path(os.environ["MARKS"])
        (marks / os.environ["CUDA_VISIBLE_DEVICES"]).touch()
        while not (marks / "released").exists():
            time.sleep(0.1)
        return job.model
'''


def test_two_jobs_on_two_devices_while_a_second_call_is_refused(small_study: SmallStudy, tmp_path: Path) -> None:
    small_study.become_project("waits", METHOD)
    marks = tmp_path / "marks"
    marks.mkdir()
    runs = [f"waits-seed{seed}" for seed in (0, 1)]
    snakemake = [str(Path(sys.executable).parent / "snakemake"), "--configfile", "config/small.yaml", "-j2"]
    call = [*snakemake, "--", *(f"work/small/runs/{run}/compress.json" for run in runs)]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    environment |= {"MARKS": str(marks), "CUDA_VISIBLE_DEVICES": "first,second"}
    with (tmp_path / "output").open("wb") as output:
        first = subprocess.Popen(call, cwd=small_study.root, env=environment, stdout=output, stderr=output)
        try:
            end = time.monotonic() + PATIENCE
            while {path.name for path in marks.iterdir()} != {"first", "second"}:
                assert first.poll() is None, (tmp_path / "output").read_text()
                assert time.monotonic() < end
                time.sleep(0.1)
            second = subprocess.run(call, cwd=small_study.root, env=environment, capture_output=True, text=True)
            (marks / "released").touch()
            first.wait(PATIENCE)
        finally:
            first.kill()
    assert second.returncode != 0
    assert "study small is at work in another process: wait for it, or stop it" in second.stdout + second.stderr
    assert first.returncode == 0, (tmp_path / "output").read_text()
    for run in runs:
        assert read_json(small_study.run(run) / "compress.json")["status"] == "ok"
    assert not small_study.leftovers()
