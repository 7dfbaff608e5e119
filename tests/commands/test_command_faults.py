"""Commands with a wrong file, folder, name or number print one line, end with status 2 and write nothing."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmark.__main__ import command_modules, main
from benchmark.system.files import write_json
from benchmark.system.project import ROOT

REFERENCE = str(ROOT / "tests/scoring/oracle/case2_significant/ref.trn")
SPEED = str(ROOT / "results/throughput/cpu.json")
CALLS = {  # with BAD for what is wrong
    "compress": ["BAD dense", "smoke BAD"],
    "cost_plan": [f"BAD {SPEED}", "smoke BAD", f"smoke {SPEED} --model BAD"],
    "crate": ["BAD --to out --licence https://example.org", "run --to out --licence BAD"],
    "dense": ["BAD"],
    "export": ["BAD --to out"],
    "footprint": ["BAD"],
    "merge": ["BAD --to out", "BAD BAD"],
    "pipeline": ["BAD dense", "smoke BAD", "smoke dense --steps BAD"],
    "prepare": ["BAD"],
    "publish": ["BAD"],
    "run": ["BAD"],
    "score": ["BAD dense", "smoke BAD"],
    "show": ["BAD"],
    "significance": [f"BAD {REFERENCE}", f"{REFERENCE} BAD", f"{REFERENCE} {REFERENCE} BAD"],
    "status": ["BAD"],
    "tables": ["BAD", "BAD --runs BAD"],
    "throughput": [
        "--models BAD",
        "--methods BAD",
        "--precision BAD",
        "--steps BAD",
        "--batch-seconds BAD",
        "--study BAD",
    ],
    "train_dense": ["BAD"],
    "transcribe": [f"BAD {REFERENCE}"],
    "transcribe_tests": ["BAD dense", "smoke BAD"],
    "tune": ["BAD dense", "smoke BAD"],
    "wer": [f"BAD {REFERENCE}", f"{REFERENCE} BAD"],
}
CONTENTS = {"empty": b"", "binary": bytes(range(256)), "list.json": b"[]", "object.json": b"{}", "nan.json": b"[NaN]"}
OTHERS = ["", "absent/absent", "/", "x" * 300, "9" * 400, "-1", "nan", "two\nlines"]
NAMED = {"new_method", "new_study"}  # take any name: tests of their own
WITHOUT = {"methods", "readme", "schema"}  # take nothing


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the command runs, with files of every wrong kind."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("benchmark.system.project.ROOT", tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for name, content in CONTENTS.items():
        (tmp_path / name).write_bytes(content)
    for name in ("folder", "run", "model", "config"):
        (tmp_path / name).mkdir()
    (tmp_path / "run/run.json").write_text("{}")
    (tmp_path / "model/config.json").write_text("{}")
    (tmp_path / "config/smoke.yaml").write_bytes((ROOT / "config/smoke.yaml").read_bytes())
    return tmp_path


def left_in(folder: Path) -> list[Path]:
    """Everything in the folder but the study's kept plan: to say which runs there are, a command lists them."""
    plan = folder / "work/smoke/plan.json"
    return sorted({*folder.rglob("*")} - {plan, plan.parent, plan.parents[1]})


@pytest.mark.parametrize("command", sorted(CALLS))
def test_every_wrong_argument_is_one_line(command: str, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    there = left_in(folder)
    for call in CALLS[command]:
        for bad in [*CONTENTS, "folder", "run", "model", os.fsdecode(b"\xff"), *OTHERS]:
            arguments = [command.replace("_", "-"), *(bad if part == "BAD" else part for part in call.split())]
            status, output = main(arguments), capfd.readouterr()
            assert (status, output.out, output.err.count("\n")) == (2, "", 1), (arguments, output)
            assert output.err.startswith("error: ")
            assert left_in(folder) == there, arguments


@pytest.mark.parametrize(
    "call",
    [f"cost-plan smoke {SPEED} --model wav2vec2-base --out empty/file", "transcribe MODEL a.wav --trn empty/file"],
)
def test_a_place_that_cannot_be_written_is_one_line(
    call: str, folder: Path, tiny_model: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A file stands where a folder would have to be; what was found is printed all the same."""
    counts = {"utterances": 9, "words": 90, "seconds": 60.0, "speakers": 3, "left_out": 0}
    splits = dict.fromkeys(("train", "dev", "test-clean", "test-other"), counts)
    write_json(folder / "work/smoke/data/data.json", {"hash": "0" * 64, "splits": splits, "files": {}})
    soundfile.write(folder / "a.wav", np.sin(np.arange(16_000) / 9), 16_000)
    assert main([str(tiny_model) if part == "MODEL" else part for part in call.split()]) == 2
    output = capfd.readouterr()
    assert output.out
    assert "error: cannot write empty/file: " in output.err


def test_every_command_is_tried() -> None:
    assert set(command_modules()) - NAMED - WITHOUT <= set(CALLS) | {"check"}
