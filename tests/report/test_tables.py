"""The tables of a study: order, numbers, marks, failed rows, reading forms."""

from __future__ import annotations

import json
import re
import statistics
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from synthetic_study import FAILED, OVER_BUDGET, RECIPES, build_study, reported_study

from benchmark.report.rows.comparisons import compare_rows
from benchmark.report.rows.rows import table_rows
from benchmark.report.study_report import write_report
from benchmark.runs.collection import read_collection
from benchmark.scoring.significance import compare
from benchmark.scoring.trn import read_trn
from benchmark.system.files import read_json, write_json


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reported_study(tmp_path_factory.getbasetemp())


def _row(study: Path, label: str, target: float) -> pd.Series[Any]:
    frame = pd.read_csv(study / "main.csv")
    return frame[(frame["label"] == label) & (frame["target_sparsity"] == target)].iloc[0]


def test_runs_csv_has_one_line_a_run_and_test_set(study: Path) -> None:
    runs = pd.read_csv(study / "runs.csv")
    records = {path.parent.name: read_json(path) for path in study.glob("runs/*/run.json")}
    assert len(runs) == sum(len(record.get("scores", [None])) for record in records.values())
    for _, line in runs.dropna(subset=["test_set"]).iterrows():
        record = records[line["run"]]
        assert line["wer"] == record["scores"][line["test_set"]]["wer"]
        assert line["bytes_on_disk"] == record["footprint"]["bytes_on_disk"]
        assert json.loads(line["settings"]) == record["settings"]
        assert line["git_commit"] == record["provenance"]["git_commit"]


def test_runs_csv_keeps_the_reason_of_a_run_without_scores(study: Path) -> None:
    runs = pd.read_csv(study / "runs.csv").set_index("run")
    failed = runs.loc["{}-{}-seed{}".format(*FAILED)]
    assert failed["status"] == "failed"
    assert "loss is nan" in failed["reason"]
    assert pd.isna(failed["test_set"])
    assert runs.loc["{}-{}-seed{}".format(*OVER_BUDGET), "status"] == "over_budget"


def test_rows_go_from_dense_over_what_has_no_target_to_the_highest_target(study: Path) -> None:
    frame = pd.read_csv(study / "main.csv")
    assert list(frame["label"][:2]) == ["dense", "dense_finetuned"]
    targets = frame["target_sparsity"][2:]
    assert targets.is_monotonic_increasing
    assert list(frame["label"][2:6]) == ["self_pinching", "uniform_magnitude", "distillation", "random_pruning"]


def test_means_spreads_and_differences_follow_from_the_records(study: Path) -> None:
    records = [read_json(study / f"runs/self_pinching-0.65-seed{seed}/run.json") for seed in range(3)]
    wers = [record["scores"]["test-clean"]["wer"] for record in records]
    dense = read_json(study / "runs/dense/run.json")["scores"]["test-clean"]["wer"]
    row = _row(study, "self_pinching", 0.65)
    assert row["test-clean_wer_mean"] == pytest.approx(statistics.fmean(wers), rel=1e-15)
    assert row["test-clean_wer_sd"] == pytest.approx(statistics.stdev(wers), rel=1e-12)
    assert (row["test-clean_wer_min"], row["test-clean_wer_max"]) == (min(wers), max(wers))
    assert row["test-clean_vs_dense_delta"] == pytest.approx(statistics.fmean(wers) - dense)
    assert row["test-clean_vs_dense_low"] <= row["test-clean_vs_dense_delta"] <= row["test-clean_vs_dense_high"]
    assert row["budget_share"] == pytest.approx(17991.5 / 18000)


def test_only_finished_runs_count(study: Path) -> None:
    row = _row(study, *FAILED[:2])
    assert (row["finished_runs"], row["planned_runs"], row["seeds"]) == (2, 3, "0 2")
    assert row["status"].startswith("seed 1 failed: the loss is nan")
    assert row["test-clean_vs_dense_tests"] == 2


def test_marks_count_the_seeds(study: Path) -> None:
    far = _row(study, "random_pruning", 0.65)
    assert far["test-other_vs_dense_mark"] == "*3/3"
    assert (far["test-other_vs_self_pinching_worse"], far["test-other_vs_self_pinching_better"]) == (3, 0)
    assert pd.isna(_row(study, "self_pinching", 0.65)["test-other_vs_self_pinching_mark"])


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("reference", ["uniform_magnitude", None])
def test_the_study_names_the_method_that_others_are_compared_with(tmp_path: Path, reference: str | None) -> None:
    recipes = {name: RECIPES[name] for name in ("dense", "self_pinching", "uniform_magnitude")}
    folder = build_study(tmp_path / "demo", seeds=(0,), utterances=20, troubled=False, recipes=recipes)
    write_json(folder / "study.json", {"file": "config/made.yaml"} | ({"reference": reference} if reference else {}))
    write_report(folder / "runs", folder)
    frame, page = pd.read_csv(folder / "main.csv"), (folder / "README.md").read_text()
    columns = [column for column in frame.columns if column.endswith("_mark") and "_vs_dense" not in column]
    expected = [f"{name}_vs_{reference}_mark" for name in ("test-clean", "test-other")] if reference else []
    assert columns == expected
    assert ("vs Uniform magnitude" in page) is (reference is not None)
    assert ("## Against the reference method" in page) is (reference is not None)
    if reference:
        marked = frame.set_index(["label", "target_sparsity"])[columns[0]].notna()
        assert list(marked[marked].index) == [("self_pinching", 0.65), ("self_pinching", 0.85)]


def test_significance_csv_agrees_with_a_direct_comparison(study: Path) -> None:
    frame = pd.read_csv(study / "significance.csv")
    line = frame.query(
        "test_set == 'test-clean' and seed == 1 and label_a == 'self_pinching' and target_a == 0.85"
        " and label_b == 'uniform_magnitude' and target_b == 0.85"
    ).iloc[0]
    systems = [f"runs/{name}-0.85-seed1/hyp/test-clean.trn" for name in ("self_pinching", "uniform_magnitude")]
    direct = compare(read_trn(study / "ref/test-clean.trn"), *(read_trn(study / system) for system in systems))
    assert line["z"] == pytest.approx(direct.test.z)
    assert line["p"] == pytest.approx(direct.test.p)
    assert line["delta_wer"] == pytest.approx(direct.delta_wer)
    assert line["p"] <= line["p_holm"]


def test_every_pair_of_a_seed_is_tested_once(study: Path) -> None:
    frame = pd.read_csv(study / "significance.csv")
    systems = 2 + 2 * (len(RECIPES) - 2)
    sizes = frame.groupby(["test_set", "seed"]).size()
    assert sizes["test-clean", 0] == systems * (systems - 1) // 2
    assert sizes["test-clean", FAILED[2]] == (systems - 1) * (systems - 2) // 2


def test_verdicts_change_sign_with_the_order(study: Path) -> None:
    collection = read_collection(study / "runs")
    rows = table_rows(collection)
    comparisons = compare_rows(collection, rows)
    dense, far = rows[0], rows[-1]
    there, back = comparisons.between(far, dense, "test-clean"), comparisons.between(dense, far, "test-clean")
    assert there is not None
    assert back is not None
    assert there.delta == -back.delta > 0
    assert (there.low, there.high) == (-back.high, -back.low)
    assert (there.worded_mark, back.worded_mark) == ("worse*2/2", "better*2/2")


@pytest.mark.usefixtures("undrawn")
def test_equal_hypotheses_get_no_verdict_but_a_reason(tmp_path: Path) -> None:
    recipes = {name: RECIPES[name] for name in ("dense", "self_pinching")}
    folder = build_study(tmp_path / "demo", seeds=(0,), utterances=10, troubled=False, recipes=recipes)
    dense = read_json(folder / "runs/dense/run.json")
    path = folder / "runs/self_pinching-0.65-seed0"
    record = read_json(path / "run.json") | {"scores": dense["scores"]}
    (path / "run.json").write_text(json.dumps(record))
    for name in dense["scores"]:
        (path / f"hyp/{name}.trn").write_bytes((folder / f"runs/dense/hyp/{name}.trn").read_bytes())
    write_report(folder / "runs", folder)
    frame = pd.read_csv(folder / "significance.csv")
    line = frame.query("test_set == 'test-clean' and label_a == 'dense' and target_b == 0.65").iloc[0]
    assert line["mark"] == "?"
    assert isinstance(line["degenerate"], str)
    assert pd.isna(line["p"])
    said = next(line for line in (folder / "README.md").read_text().splitlines() if "**not be tested**" in line)
    assert line["degenerate"] in said


def test_markdown_lines_have_the_same_number_of_cells(study: Path) -> None:
    lines = [line for line in (study / "main.md").read_text().splitlines() if line.startswith("|")]
    cells = {len(re.split(r"(?<!\\)\|", line)) for line in lines}
    assert len(lines) == 2 + len(pd.read_csv(study / "main.csv"))
    assert len(cells) == 1
    assert r"step 12 \| a lower rate" in (study / "main.md").read_text()


def test_latex_is_escaped_and_balanced(study: Path) -> None:
    tex = (study / "main.tex").read_text()
    assert all(rule in tex for rule in (r"\toprule", r"\midrule", r"\bottomrule"))
    body = tex.split(r"\midrule")[1].split(r"\bottomrule")[0].strip().splitlines()
    assert len(body) == len(pd.read_csv(study / "main.csv"))
    assert {line.count("&") - line.count(r"\&") for line in body} == {body[0].count("&")}
    assert not re.search(r"(?<!\\)[%_#]", tex.split("\n", 1)[1].replace("{%\n", "{\n"))
    assert tex.count("{") - tex.count(r"\{") == tex.count("}") - tex.count(r"\}")
    assert tex.isascii()
