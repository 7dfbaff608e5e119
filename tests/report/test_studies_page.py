"""`results/index.html`: it leads to every study, and says who leads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from synthetic_study import RECIPES, build_study, failed, reported_study

from benchmark.__main__ import main
from benchmark.report.page.studies import Leader, studies_page, study_line
from benchmark.report.study_report import write_report
from benchmark.system.files import read_json, write_json
from benchmark.system.project import ROOT


@pytest.mark.usefixtures("undrawn")
def test_runs_that_are_still_to_come_count_as_planned(tmp_path: Path) -> None:
    recipes = {"dense": RECIPES["dense"]}
    folder = build_study(tmp_path / "demo", (0,), utterances=8, troubled=False, recipes=recipes)
    write_json(folder / "planned.json", ["dense", "wanda-0.65", "wanda-0.85"])
    write_report(folder / "runs", folder)
    line = study_line(folder)
    assert (line.finished, line.planned) == (1, 3)


@pytest.mark.usefixtures("undrawn")
def test_a_study_whose_dense_run_is_still_to_come_has_no_dense_wer(tmp_path: Path) -> None:
    recipes = {name: RECIPES[name] for name in ("dense", "self_pinching")}
    folder = build_study(tmp_path / "demo", (0,), utterances=8, troubled=False, recipes=recipes)
    record = folder / "runs" / "dense" / "run.json"
    write_json(record, failed(read_json(record), "the disk caught fire"))
    write_report(folder / "runs", folder)
    assert study_line(folder).dense is None


def test_a_line_says_who_leads_at_each_target(tmp_path_factory: pytest.TempPathFactory) -> None:
    line = study_line(reported_study(tmp_path_factory.getbasetemp()))
    assert (line.name, line.corpus, line.test_set) == ("demo", None, "test-clean")
    assert (line.methods, line.finished, line.planned) == (3, 26, 28)
    assert [(leader.target, leader.method) for leader in line.leaders] == [
        ("65 %", "Self-pinching gates"),
        ("85 %", "Self-pinching gates"),
    ]
    assert all(isinstance(leader, Leader) and 0 < leader.wer < 100 for leader in line.leaders)


def test_the_committed_studies_name_their_corpora() -> None:
    page = studies_page(ROOT / "results")
    assert page == studies_page(ROOT / "results")
    for study, corpus in (("mini", "mini"), ("an4-rates", "an4")):
        assert re.search(rf'<a href="{study}/index.html">{study}</a></th>\s*<td>{corpus}</td>', page)


@pytest.mark.parametrize("table", ["", "label,title\ndense,Dense\n", 'label\n"dense\n'])
def test_a_study_with_a_damaged_table_is_named_and_left_out(
    table: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "old").mkdir()
    write_json(tmp_path / "old" / "study.json", {})
    (tmp_path / "old" / "main.csv").write_text(table)
    assert "old/index.html" not in studies_page(tmp_path)
    assert "main.csv cannot be read" in capsys.readouterr().out


@pytest.mark.usefixtures("undrawn")
def test_the_tables_of_a_study_bring_the_page_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipes = {name: RECIPES[name] for name in ("dense", "self_pinching")}
    for name in ("one", "two"):
        build_study(tmp_path / "results" / name, seeds=(0,), utterances=5, troubled=False, recipes=recipes)
    monkeypatch.chdir(tmp_path)
    assert main(["tables", "one"]) == 0
    assert re.findall(r'href="(\w+)/', (tmp_path / "results/index.html").read_text()) == ["one"]
    assert main(["tables", "two"]) == 0
    assert re.findall(r'href="(\w+)/', (tmp_path / "results/index.html").read_text()) == ["one", "two"]
    assert main(["tables", "one", "--out", "elsewhere"]) == 0
    assert not (tmp_path / "index.html").exists()
