"""Damaged runs and damaged published records are never taken over."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from small_study import RUN, SmallStudy, change_record
from snapshot import contents

from benchmark.system.files import read_json, write_json


def a_run_of_another_study(run: Path) -> None:
    change_record(run, study="other")


def an_empty_record(run: Path) -> None:
    write_json(run / "run.json", {})


def half_a_record(run: Path) -> None:
    (run / "run.json").write_text((run / "run.json").read_text()[:200])


def another_run(run: Path) -> None:
    shutil.copy(run.parent / "dense" / "run.json", run)


def wrong_counts(run: Path) -> None:
    record = read_json(run / "run.json")
    score = record["scores"]["test"]
    score |= {"errors": score["errors"] + 1, "insertions": score["insertions"] + 1}
    score["wer"] = score["errors"] / score["words"]
    write_json(run / "run.json", record)


def a_missing_transcript(run: Path) -> None:
    (run / "hyp" / "test.trn").unlink()


def a_missing_test_set(run: Path) -> None:
    change_record(run, scores={})


def a_link(run: Path) -> None:
    (run / "hyp" / "test.trn").rename(run.parent / "elsewhere.trn")
    (run / "hyp" / "test.trn").symlink_to(run.parent / "elsewhere.trn")


DAMAGES = [
    an_empty_record,
    half_a_record,
    another_run,
    wrong_counts,
    a_missing_transcript,
    a_missing_test_set,
    a_link,
    a_run_of_another_study,
]


def test_what_is_damaged_never_replaces_a_published_record(
    published: SmallStudy, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(published.results)
    whole = published.work / "whole"
    shutil.copytree(published.run(), whole)
    for damage in DAMAGES:
        damage(published.run())
        assert published.call("publish") == 2, damage
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("error: ")
        assert str(published.run()) in line, line
        assert contents(published.results) == before
        shutil.rmtree(published.run())
        shutil.copytree(whole, published.run())


def test_a_published_record_that_is_damaged_is_replaced_and_named(
    published: SmallStudy, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(published.results)
    wrong_counts(published.results / "runs" / RUN)
    assert published.call("publish") == 0
    assert f"not compared with a damaged record: {published.results / 'runs' / RUN}" in capsys.readouterr().out
    assert contents(published.results) == before


def test_what_is_damaged_is_not_taken_over_but_made(published: SmallStudy, capsys: pytest.CaptureFixture[str]) -> None:
    place = published.results / "runs" / RUN
    whole = published.work / "whole"
    shutil.copytree(place, whole)
    for damage in (half_a_record, wrong_counts, a_missing_transcript, a_link):
        shutil.rmtree(published.run())
        damage(place)
        assert published.call("compress", RUN, "--reuse") == 0
        assert f"{RUN}: published record not copied, because {place}" in capsys.readouterr().out
        assert (published.run() / "model").is_dir()
        shutil.rmtree(place)
        shutil.copytree(whole, place)
