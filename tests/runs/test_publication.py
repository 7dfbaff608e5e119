"""Published records are kept or replaced: equal, unplanned and other people's records."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from small_study import RUN, RUNS, SmallStudy, change_record
from snapshot import contents

from benchmark.__main__ import main
from benchmark.report.rows.rows import table_rows
from benchmark.runs.collection import read_collection
from benchmark.scoring.trn import read_trn, write_trn
from benchmark.scoring.wer import word_errors
from benchmark.study.file import load_study
from benchmark.system.errors import UserError
from benchmark.system.files import read_json, write_json
from benchmark.workflow import chosen_study


def begin_later(run: Path) -> None:
    """Let a run be made again: the same results at another time."""
    record = read_json(run / "run.json")
    seconds = 2 * record["compression_seconds"]
    change_record(
        run,
        compression_seconds=seconds,
        phases={"other": seconds},
        identity="a" * 64,
        provenance=record["provenance"] | {"started": "2030-01-01T00:00:00+00:00"},
    )


def fail(record: Path) -> None:
    """Make a record that of a failed run."""
    results = ("scores", "speedup", "sparse", "metrics")
    kept = {key: value for key, value in read_json(record).items() if key not in results}
    write_json(record, kept | {"status": "failed", "reason": "the disk caught fire"})


def mishear(study: SmallStudy) -> None:
    """Give the transcripts of the trained run one word too many, counted correctly."""
    run = study.run()
    path = run / "hyp" / "test.trn"
    heard = read_trn(path)
    first = next(iter(heard))
    write_trn(path, heard | {first: f"{heard[first]} more"})
    counted = word_errors(read_trn(study.results / "ref" / "test.trn"), read_trn(path))
    score = read_json(run / "run.json")["scores"]["test"]
    kinds = {kind: getattr(counted, kind) for kind in ("errors", "substitutions", "deletions", "insertions", "wer")}
    change_record(run, scores={"test": score | kinds})


def git(study: SmallStudy, *arguments: str) -> str:
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments]
    return subprocess.run(command, cwd=study.root, check=True, capture_output=True, text=True).stdout


def commit(study: SmallStudy) -> None:
    (study.root / ".gitignore").write_text("work/\nindex.html\n")
    git(study, "init", "-q")
    git(study, "add", "-A")
    git(study, "commit", "-qm", "publish")


def test_a_study_made_again_with_the_same_result_leaves_the_checkout_clean(
    small_study: SmallStudy, capsys: pytest.CaptureFixture[str], undrawn: None
) -> None:
    def make() -> None:
        small_study.make_runs()
        assert small_study.call("publish") == main(["tables", str(small_study.results)]) == 0

    make()
    commit(small_study)
    shutil.rmtree(small_study.work / "runs")
    capsys.readouterr()
    make()
    assert (
        "your 2 error counts equal the published ones: the published records are kept, with their times"
        in capsys.readouterr().out
    )
    assert git(small_study, "status", "--short") == ""


def test_records_of_the_same_results_are_kept_unless_they_are_to_be_replaced(
    published: SmallStudy, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(published.results)
    begin_later(published.run())
    assert published.call("publish") == 0
    assert capsys.readouterr().out.splitlines() == [
        "your error count is as published: the published records are kept, with their times",
        "2 of 2 runs are in results/small/runs",
    ]
    assert contents(published.results) == before
    assert published.call("publish", "--replace") == 0
    assert "your error count is as published; your records replace the published ones" in capsys.readouterr().out
    published_record = published.results / "runs" / RUN / "run.json"
    assert published_record.read_bytes() == (published.run() / "run.json").read_bytes()


def test_times_that_an_evaluation_measured_are_not_compared(
    published: SmallStudy, capsys: pytest.CaptureFixture[str]
) -> None:
    for run, speedup in ((published.run(), 2.0), (published.results / "runs" / RUN, 3.0)):
        change_record(run, metrics={"onnx_runtime": {"test": {"speedup": speedup}}})
    assert published.call("publish") == 0
    assert "your error count is as published: the published records are kept" in capsys.readouterr().out
    change_record(published.run(), metrics={"onnx_runtime": {"test": {"speedup": 2.0, "bytes": 9.0}}})
    assert published.call("publish") == 0
    assert "the same errors, but different metrics" in capsys.readouterr().out


def test_other_results_are_named_and_replace_all_records(
    published: SmallStudy, capsys: pytest.CaptureFixture[str]
) -> None:
    """The times in one table must come from one machine."""
    for run in RUNS:
        begin_later(published.run(run))
    mishear(published)
    errors = {
        place: read_json(place / "run.json")["scores"]["test"]["errors"]
        for place in (published.run(), published.results / "runs" / RUN)
    }
    own, theirs = errors.values()
    assert published.call("publish") == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        "your error counts differ from the published ones in 1 of 2 cases; your records replace the published ones:",
        f"{RUN}, test: {own} errors, published {theirs} ({own - theirs:+d})",
    ]
    for run in RUNS:
        place = published.results / "runs" / run / "run.json"
        assert place.read_bytes() == (published.run(run) / "run.json").read_bytes()


def test_other_results_than_committed_ones_lie_beside_them_until_they_are_to_replace_them(
    published: SmallStudy, capsys: pytest.CaptureFixture[str], undrawn: None
) -> None:
    assert main(["tables", "small"]) == 0
    commit(published)
    before = contents(published.results)
    begin_later(published.run("dense"))
    mishear(published)
    capsys.readouterr()
    assert published.call("publish") == 0
    first, *differing, last = capsys.readouterr().out.splitlines()
    assert first == (
        "your error counts differ from the published ones in 1 of 2 cases. The committed records stay in "
        "results/small; yours are in work/small/results (to replace the committed ones: pinchbench publish small "
        "--replace && pinchbench tables small):"
    )
    assert [line.partition(":")[0] for line in differing] == [f"{RUN}, test"]
    assert last == "2 of 2 runs are in work/small/results/runs"

    own = published.work / "results"
    for run in RUNS:
        assert (own / "runs" / run / "run.json").read_bytes() == (published.run(run) / "run.json").read_bytes()
    assert main(["tables", "small"]) == 0
    assert (own / "main.csv").read_bytes() != before["main.csv"]
    assert f"results: {own / 'README.md'}" in re.sub(r"(\.\./)+", "/", capsys.readouterr().out)
    assert contents(published.results) == before
    assert git(published, "status", "--short") == ""

    assert published.call("publish", "--replace") == main(["tables", "small"]) == 0
    assert not own.exists()
    for run in RUNS:
        place = published.results / "runs" / run / "run.json"
        assert place.read_bytes() == (published.run(run) / "run.json").read_bytes()
    assert contents(published.results)["main.csv"] != before["main.csv"]


def test_own_results_go_when_they_agree_with_the_committed_ones_again(published: SmallStudy) -> None:
    commit(published)
    whole = published.work / "whole"
    shutil.copytree(published.run(), whole)
    mishear(published)
    assert published.call("publish") == 0
    assert (published.work / "results").exists()
    shutil.rmtree(published.run())
    shutil.copytree(whole, published.run())
    assert published.call("publish") == 0
    assert not (published.work / "results").exists()
    assert git(published, "status", "--short") == ""


def test_scoring_publishes_a_new_run_and_leaves_a_published_one(published: SmallStudy) -> None:
    before = contents(published.results)
    begin_later(published.run())
    record = read_json(published.run() / "run.json")
    write_json(published.run() / "compress.json", record)
    assert published.call("score", RUN) == 0
    assert contents(published.results) == before
    shutil.rmtree(published.results / "runs" / RUN)
    assert published.call("score", RUN) == 0
    assert read_json(published.results / "runs" / RUN / "run.json") == record


def test_a_failure_that_was_made_good_is_published_and_the_rest_kept(
    published: SmallStudy, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = published.results / "runs"
    record = read_json(runs / RUN / "run.json")
    fail(runs / RUN / "run.json")
    begin_later(published.run("dense"))
    before = contents(runs / "dense")
    assert published.call("score", RUN) == 0
    assert read_json(runs / RUN / "run.json") == record
    assert published.call("publish") == 0
    assert "the published records are kept" in capsys.readouterr().out
    assert contents(runs / "dense") == before


@pytest.mark.parametrize(
    "theirs",
    [
        '{"damaged',
        None,  # a failure
    ],
)
def test_committed_records_stay_even_if_they_are_damaged_or_failed(
    published: SmallStudy, capsys: pytest.CaptureFixture[str], theirs: str | None
) -> None:
    place = published.results / "runs" / RUN / "run.json"
    fail(place)
    if theirs:
        place.write_text(theirs)
    commit(published)
    assert published.call("publish") == 0
    said = capsys.readouterr().out
    assert "The committed records stay in results/small; yours are in work/small/results" in said
    assert ("not compared with a damaged record" if theirs else f"{RUN}: ok, published failed") in said
    assert git(published, "status", "--short") == ""
    assert read_json(published.work / "results" / "runs" / RUN / "run.json")["status"] == "ok"


def test_unplanned_runs_are_set_aside_and_deleted_only_when_asked(
    published: SmallStudy, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = published.results / "runs"
    before = contents(runs / RUN)
    published.config.write_text(published.config.read_text().replace(", breaks_off: }", "}"))
    assert published.call("publish") == 0
    moved = "moved results/small/runs/{0} to results/small/runs/unplanned/{1}: "
    assert moved.format(RUN, RUN) in capsys.readouterr().out
    assert contents(runs / "unplanned" / RUN) == before
    assert sorted(path.name for path in runs.iterdir()) == ["dense", "unplanned"]

    shutil.copytree(runs / "unplanned" / RUN, runs / RUN)
    assert published.call("publish") == 0
    assert moved.format(RUN, f"{RUN}-2") in capsys.readouterr().out
    assert contents(runs / "unplanned" / RUN) == contents(runs / "unplanned" / f"{RUN}-2") == before

    shutil.copytree(runs / "unplanned" / RUN, runs / RUN)
    assert published.call("publish", "--prune") == 0
    deleted = [line.partition(":")[0] for line in capsys.readouterr().out.splitlines() if "does not plan" in line]
    assert deleted == [f"deleted results/small/runs/{name}" for name in (RUN, f"unplanned/{RUN}", f"unplanned/{RUN}-2")]
    assert [path.name for path in runs.iterdir()] == ["dense"]


def test_results_belong_to_one_file(published: SmallStudy, capsys: pytest.CaptureFixture[str]) -> None:
    assert read_json(published.results / "study.json") == {"file": "config/small.yaml", "reference": "self_pinching"}
    copy = published.config.with_name("copy.yaml")
    copy.write_text(published.config.read_text().replace(", breaks_off: ", ""))
    before = contents(published.results)
    message = (
        "results/small belongs to config/small.yaml, and the study in config/copy.yaml has the same name: "
        "give it another `name:`"
    )
    assert main(["publish", str(copy)]) == 2
    assert capsys.readouterr().err == f"error: {message}\n"
    assert contents(published.results) == before
    with pytest.raises(UserError, match=r"belongs to config/small\.yaml"):
        chosen_study([copy], {"reuse": True})
    assert chosen_study([published.config], {}).name == "small"


def test_a_new_title_takes_no_new_run(published: SmallStudy) -> None:
    path = published.results / "runs"
    assert [row.title for row in table_rows(read_collection(path))] == ["Dense", "Breaks off"]
    text = published.config.read_text()
    published.config.write_text(text.replace("breaks_off: }", "breaks_off: {title: Of the study}}"))
    records = contents(path)
    assert published.call("publish") == 0
    assert [row.title for row in table_rows(read_collection(path))] == ["Dense", "Of the study"]
    assert contents(path) == records


def test_a_file_that_was_renamed_keeps_its_results(published: SmallStudy) -> None:
    moved = published.config.rename(published.config.with_name("moved.yaml"))
    assert main(["publish", str(moved)]) == 0
    assert read_json(published.results / "study.json") == {"file": "config/moved.yaml", "reference": "self_pinching"}
    assert load_study(moved).name == "small"
