"""Runs from several machines: the newest result of each is kept, and what does not belong together is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from snapshot import contents
from synthetic_study import RECIPES, build_study, failed

from benchmark.__main__ import main
from benchmark.runs.collection import read_collection
from benchmark.system.files import read_json, write_json

LABELS = ("dense", "self_pinching", "uniform_magnitude")
PINCHED, UNIFORM = "self_pinching-0.65-seed0", "uniform_magnitude-0.65-seed0"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """The runs of this machine."""
    recipes = {label: RECIPES[label] for label in LABELS}
    return build_study(tmp_path / "here" / "demo", seeds=(0,), utterances=12, troubled=False, recipes=recipes) / "runs"


@pytest.fixture
def there(here: Path, tmp_path: Path) -> Path:
    """The runs of another machine: the same, of which this one now lacks one."""
    shutil.copytree(here.parent, tmp_path / "there" / "demo")
    shutil.rmtree(here / UNIFORM)
    return tmp_path / "there" / "demo" / "runs"


def change(run: Path, **changes: Any) -> None:
    record = read_json(run / "run.json")
    started = changes.pop("started", None)
    if started:
        record["provenance"]["started"] = started
    write_json(run / "run.json", record | changes)


def merge(*arguments: Path | str) -> int:
    return main(["merge", *map(str, arguments)])


def test_what_is_missing_is_taken_and_the_rest_kept(
    here: Path, there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(here)
    write_json(there.parent / "planned.json", [*LABELS, "to_come"])
    raw = Path("ref", "raw", "test-clean.trn")
    (there.parent / raw).parent.mkdir()
    (there.parent / raw).write_text("Hello, world. (u1)\n")
    assert merge(here, there) == 0
    assert contents(here) == contents(there)
    assert (here.parent / raw).read_text() == "Hello, world. (u1)\n"
    assert read_json(here.parent / "planned.json") == [*LABELS, "to_come"]
    assert before.items() <= contents(here).items()
    lines = capsys.readouterr().out.splitlines()
    assert f"{UNIFORM}: ok, from {there}, started 2025-06-01T10:00:00+00:00" in lines
    assert f"{PINCHED}: ok, kept, started 2025-06-01T10:00:00+00:00" in lines


def test_the_newest_of_an_identity_is_kept(here: Path, there: Path) -> None:
    change(there / PINCHED, started="2025-06-02T10:00:00+00:00", notes=["newer"])
    change(there / "dense", started="2025-05-01T10:00:00+00:00", notes=["older"])
    assert merge(here, there) == 0
    assert read_json(here / PINCHED / "run.json")["notes"] == ["newer"]
    assert read_json(here / "dense" / "run.json")["notes"] == []


def test_a_failure_never_replaces_a_result_and_a_result_replaces_a_failure(here: Path, there: Path) -> None:
    for run in (there / PINCHED, here / "dense"):
        write_json(run / "run.json", failed(read_json(run / "run.json"), "the disk caught fire"))
        change(run, started="2025-06-09T10:00:00+00:00")
    assert merge(here, there) == 0
    assert read_json(here / PINCHED / "run.json")["status"] == "ok"
    assert read_json(here / "dense" / "run.json")["status"] == "ok"


def test_a_run_without_its_transcripts_is_left_out(here: Path, there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(there / PINCHED, started="2025-06-02T10:00:00+00:00")
    (there / PINCHED / "hyp" / "test-other.trn").unlink()
    assert merge(here, there) == 0
    assert (here / PINCHED / "hyp" / "test-other.trn").is_file()
    assert f"{there / PINCHED}: left out, because it lacks hyp/test-other.trn" in capsys.readouterr().out.splitlines()


def test_a_new_folder_gets_all_and_can_be_tabulated(here: Path, there: Path, tmp_path: Path) -> None:
    target = tmp_path / "all" / "runs"
    before = contents(here.parent), contents(there.parent)
    assert merge(here, there, "--to", target) == 0
    assert (contents(here.parent), contents(there.parent)) == before
    assert {run.record["run"] for run in read_collection(target).runs} >= {"dense", PINCHED, UNIFORM}


@pytest.mark.parametrize("field", ["data_hash", "dense_hash", "study", "identity"])
def test_what_does_not_belong_together_is_refused_by_name(
    field: str, here: Path, there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(there / PINCHED, **{field: "other"})
    before = contents(here)
    assert merge(here, there) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{there / PINCHED} differ in {field}" in line
    assert str(here) in line
    assert contents(here) == before


def test_two_identities_name_both_folders_of_the_run(
    here: Path, there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(there / PINCHED, identity="other")
    assert merge(here, there) == 2
    assert f"error: {here / PINCHED} and {there / PINCHED} differ in identity" in capsys.readouterr().err


def test_searches_are_taken_and_must_agree(here: Path, there: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours, theirs = (runs.parent / "tuning" / "self_pinching-0.65.json" for runs in (here, there))
    search = {"identity": "a", "trials": [], "chosen": {"learning_rate": 1e-4}}
    write_json(theirs, search)
    assert merge(here, there) == 0
    assert read_json(ours) == read_json(theirs)
    write_json(ours, search | {"chosen": {"learning_rate": 2e-4}})
    assert merge(here, there) == 2
    assert f"error: {ours} and {theirs} chose different settings" in capsys.readouterr().err


def test_nothing_to_merge_is_one_line(here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert merge(here) == 2
    assert merge(here, tmp_path / "nowhere") == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "error: nothing to merge: name two folders, or one and --to"
    assert lines[1].startswith(f"error: no runs in {tmp_path / 'nowhere'} ")


@pytest.mark.parametrize("again", ["as it is", "another spelling", "a link to it", "as the target"])
def test_a_folder_is_not_merged_with_itself(
    again: str, here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "link").symlink_to(here)
    before = contents(tmp_path)
    call: dict[str, list[Path | str]] = {
        "as it is": [here, here],
        "another spelling": [here, here.parent / ".." / "demo" / "runs"],
        "a link to it": [here, tmp_path / "link"],
        "as the target": [here, "--to", here],
    }
    assert merge(*call[again]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: nothing to merge: ")
    assert str(here) in line
    assert contents(tmp_path) == before


def a_link(run: Path) -> None:
    """A link to a file elsewhere, in place of a transcript."""
    elsewhere = run.parents[2] / "elsewhere.trn"
    (run / "hyp" / "test-clean.trn").rename(elsewhere)
    (run / "hyp" / "test-clean.trn").symlink_to(elsewhere)


def an_empty_record(run: Path) -> None:
    write_json(run / "run.json", {})


def half_a_record(run: Path) -> None:
    text = (run / "run.json").read_text()
    (run / "run.json").write_text(text[: len(text) // 2])


def fewer_errors(run: Path) -> None:
    """A record with fewer errors than its transcripts have, consistent in all its numbers."""
    record = read_json(run / "run.json")
    score = record["scores"]["test-clean"]
    errors = score["errors"] - score["substitutions"]
    score |= {"errors": errors, "substitutions": 0, "wer": errors / score["words"]}
    write_json(run / "run.json", record)


@pytest.mark.parametrize("damage", [a_link, an_empty_record, half_a_record, fewer_errors])
def test_what_is_damaged_is_refused_and_nothing_is_written(
    damage: Callable[[Path], None], here: Path, there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(there / PINCHED)
    before = contents(here)
    assert merge(here, there) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert str(there / PINCHED) in line
    assert contents(here) == before


def test_links_and_damage_beside_the_runs_are_refused(
    here: Path, there: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (there.parent / "planned.json").write_text("{}")
    assert merge(here, there) == 2
    (there.parent / "planned.json").unlink()
    (there.parent / "tuning").mkdir()
    (there.parent / "tuning" / "dense.json").symlink_to(here / "dense" / "run.json")
    before = contents(here.parent)
    assert merge(here, there) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert "planned.json" in first
    assert f"{there.parent / 'tuning' / 'dense.json'} is a link" in second
    assert contents(here.parent) == before
