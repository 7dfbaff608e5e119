"""The tables of a study outlive a call that fails to make new ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_study import METHOD, RUN, SmallStudy

from benchmark.system.files import read_json, write_json


@pytest.fixture
def tabulated(small_study: SmallStudy) -> SmallStudy:
    """A study whose runs are published and whose tables are made, the latter by Snakemake."""
    small_study.become_project("breaks_off", METHOD)
    small_study.config.write_text(small_study.config.read_text().replace("seeds: [0, 1]", "seeds: [0]"))
    for run in ("dense", RUN):
        for command in ("compress", "transcribe-tests", "score"):
            assert small_study.call(command, run) == 0
    assert small_study.call("publish") == 0
    (small_study.work / "published").touch()
    done = snakemake(small_study)
    assert done.returncode == 0, done.stdout
    return small_study


def snakemake(study: SmallStudy, *options: str) -> subprocess.CompletedProcess[str]:
    program = [str(Path(sys.executable).parent / "snakemake"), "--configfile", "config/small.yaml", "-j2"]
    return subprocess.run(
        [*program, *options, "--", "all"],
        cwd=study.root,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def tables(study: SmallStudy) -> dict[str, bytes]:
    """All files beside the records."""
    folder = study.results
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(p.relative_to(folder)): p.read_bytes() for p in files if "runs" not in p.relative_to(folder).parts}


def test_tables_outlive_a_failure_and_come_back_when_deleted(tabulated: SmallStudy) -> None:
    before = tables(tabulated)
    assert {"README.md", "main.csv", "index.html", "figures/wer_vs_time.png"} <= before.keys()

    path = tabulated.results / "runs" / RUN / "run.json"
    record = read_json(path)
    write_json(path, record | {"settings": None})
    failed = snakemake(tabulated, "--forcerun", "tables")
    assert failed.returncode != 0
    assert "run.json: settings: input should be a valid dictionary" in failed.stdout
    assert tables(tabulated) == before

    write_json(path, record)
    assert "Tables and figures of small" in snakemake(tabulated).stdout
    assert tables(tabulated) == before

    (tabulated.results / "main.md").unlink()
    assert "Tables and figures of small" in snakemake(tabulated, "-n").stdout
