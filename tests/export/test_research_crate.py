"""RO-Crates: what is read back is the run, its course and its files."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from rocrate.rocrate import ROCrate

from benchmark.__main__ import main
from benchmark.export import research_crate
from benchmark.runs.reading import read_record
from benchmark.system.files import write_json
from benchmark.system.project import ROOT

RUN = ROOT / "results" / "mini" / "runs" / "self_pinching-0.65-seed0"
RESULTS = ("scores", "speedup", "sparse", "metrics", "footprint", "matrices")
LICENCE = "https://creativecommons.org/licenses/by/4.0/"


def crate_of(run: Path, to: Path) -> ROCrate:
    assert main(["crate", str(run), "--to", str(to), "--licence", LICENCE]) == 0
    return ROCrate(to)


def values(entities: Any) -> dict[str, Any]:
    return {entity["name"]: entity["value"] for entity in entities if entity.type == "PropertyValue"}


def test_a_crate_holds_the_run(tmp_path: Path) -> None:
    record, crate = read_record(RUN / "run.json"), crate_of(RUN, tmp_path / "crate")
    for path in RUN.rglob("*.*"):
        name = str(path.relative_to(RUN))
        assert (tmp_path / "crate" / name).read_bytes() == path.read_bytes()
        assert crate.get(name).type == "File"
    action = crate.root_dataset["mentions"]
    assert action["instrument"]["version"] == f"commit {record['provenance']['git_commit']}"
    assert action["startTime"] == record["provenance"]["started"]
    assert action["actionStatus"] == "http://schema.org/CompletedActionStatus"
    inputs, outputs = values(action["object"]), values(action["result"])
    assert inputs["share of weights to remove"] == 0.65
    assert inputs["setting learning_rate"] == record["settings"]["learning_rate"]
    assert "setting threshold_learning_rate" not in inputs  # it is None
    assert outputs["WER on test-clean"] == record["scores"]["test-clean"]["wer"]
    assert crate.license.id == LICENCE


def test_a_failed_run_says_why(tmp_path: Path) -> None:
    record = read_record(RUN / "run.json")
    kept = {key: value for key, value in record.items() if key not in RESULTS}
    shutil.copytree(RUN, tmp_path / RUN.name)
    write_json(tmp_path / RUN.name / "run.json", kept | {"status": "failed", "reason": "diverged"})
    action = crate_of(tmp_path / RUN.name, tmp_path / "crate").root_dataset["mentions"]
    assert (action["actionStatus"], action["error"]) == ("http://schema.org/FailedActionStatus", "diverged")


@pytest.mark.parametrize(
    ("run", "to", "message"),
    [(RUN, "full", "already exists"), ("absent", "crate", "absent"), (RUN, "no package", r"pip install -e '.[crate]'")],
)
def test_what_is_wrong_is_one_line(
    run: Path | str, to: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("kept")
    if to == "no package":
        monkeypatch.setattr(research_crate, "find_spec", lambda name: None)
    assert main(["crate", str(tmp_path / run), "--to", str(tmp_path / to), "--licence", LICENCE]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
    assert (tmp_path / "full" / "mine").read_text() == "kept"
    assert [path.name for path in tmp_path.iterdir()] == ["full"]
