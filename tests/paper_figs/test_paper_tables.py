"""The paper's tables: values in the cells, cells that have not been run, claims, protocols."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from studied import as_paper_study, cells, make_tables
from synthetic_study import FAILED, RECIPES, reported_study

from benchmark.system.files import read_json, write_json
from paper_figs.published import CTC, PROTOCOLS, SUPERB, WHISPER, read_published

STUDY = "wav2vec2-base (librispeech)"
ANOTHER = "Embedded model (mini-full)"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return reported_study(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def paper(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages where one study of the paper has been run and one of another model, and the others have not."""
    results = tmp_path_factory.mktemp("results")
    as_paper_study(demo, results)
    as_paper_study(demo, results, "mini-full", full=False)
    assert make_tables(results) == 0
    return results / "paper"


def main_row(demo: Path, label: str, target: float) -> pd.Series[Any]:
    frame = pd.read_csv(demo / "main.csv")
    return frame[(frame["label"] == label) & (frame["target_sparsity"] == target)].iloc[0]


def column(table: pd.DataFrame, start: str) -> str:
    return next(name for name in table.columns if name.startswith(start))


def test_a_cell_has_the_records_mean_spread_and_mark(demo: Path, paper: Path) -> None:
    table = cells(paper / "main_table.md", f"{STUDY} / WER % on test-clean")
    records = [read_json(demo / f"runs/uniform_magnitude-0.85-seed{seed}/run.json") for seed in range(3)]
    wers = pd.Series([100 * record["scores"]["test-clean"]["wer"] for record in records])
    cell = table.loc["Uniform magnitude", column(table, "85 %")]
    assert cell == f"{wers.mean():.2f} ± {wers.std():.2f} *3/3"
    assert column(table, "85 %") == f"85 % ({records[0]['footprint']['compression_ratio']:.2f}x)"


def test_differences_and_times_are_those_of_the_study(demo: Path, paper: Path) -> None:
    row = main_row(demo, "self_pinching", 0.65)
    deltas = cells(paper / "main_table.md", f"{STUDY} / Difference to dense on test-other")
    points = [f"{100 * row[f'test-other_vs_dense_{part}']:+.2f}" for part in ("delta", "low", "high")]
    assert deltas.loc["Self-pinching gates", column(deltas, "65 %")] == "{} [{}, {}]".format(*points)
    times = cells(paper / "main_table.md", f"{STUDY} / Compression time in seconds")
    mean, sd = row["compression_seconds_mean"], row["compression_seconds_sd"]
    assert times.loc["Self-pinching gates", column(times, "65 %")] == f"{mean:.0f} ± {sd:.0f}"


def test_missing_seeds_are_counted_and_their_reason_is_told(paper: Path) -> None:
    table = cells(paper / "main_table.md", f"{STUDY} / WER % on test-clean")
    title = RECIPES[FAILED[0]].title
    assert str(table.loc[title, column(table, "85 %")]).endswith("(2 of 3 seeds)")
    assert "Not finished: Distillation, 85 %: seed 2 over budget: 18123" in (paper / "main_table.md").read_text()


def test_a_study_without_results_is_one_line_with_its_command(paper: Path) -> None:
    text = (paper / "main_table.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if "librispeech-hubert-large" in line]
    assert len(lines) == 1
    assert "HuBERT-large, fine-tuned" in lines[0]
    assert lines[0].endswith("`snakemake -j4 all --configfile config/librispeech-hubert-large.yaml`.")
    assert text.index("## Not measured yet") > text.index(f"## {ANOTHER}") > text.index(f"## {STUDY}")


def test_a_study_is_described_by_its_numbers(demo: Path, tmp_path: Path) -> None:
    folder = as_paper_study(demo, tmp_path)
    recorded = sorted(path.name for path in (demo / "runs").iterdir())
    write_json(folder / "planned.json", [*recorded, "nas_channel-0.65-seed0", "nas_channel-0.85-seed0"])
    write_json(folder / "runs/dense/run.json", {"corpus_remarks": ["the audio is not the original"]})
    assert make_tables(tmp_path) == 0
    text = (tmp_path / "paper/main_table.md").read_text(encoding="utf-8")
    assert "tested on test-clean (all 2,620 utterances) and test-other (all 2,939 utterances)" in text
    made = len(recorded) - 2  # one run failed, and one went over its budget
    assert (
        f"{made} of {len(recorded) + 2} planned runs are made ([all methods and figures](../librispeech/README.md))"
        in text
    )
    assert "Remarks: the audio is not the original." in text


def test_only_what_has_been_measured_has_rows_and_columns(demo: Path, tmp_path: Path) -> None:
    folder = as_paper_study(demo, tmp_path)
    main = pd.read_csv(folder / "main.csv")
    main = main[(main["target_sparsity"] != 0.85) & (main["label"] != "dense_finetuned")]
    main.to_csv(folder / "main.csv", index=False)
    assert make_tables(tmp_path) == 0
    wers = cells(tmp_path / "paper/main_table.md", f"{STUDY} / WER % on test-clean")
    assert [column.partition(" (")[0] for column in wers.columns] == ["own size", "65 %"]
    assert list(wers.index) == ["Dense", "Self-pinching gates", "Uniform magnitude", "Distillation", "Random pruning"]
    deltas = cells(tmp_path / "paper/main_table.md", f"{STUDY} / Difference to dense on test-clean")
    assert [column.partition(" (")[0] for column in deltas.columns] == ["65 %"]
    assert "Dense" not in deltas.index
    for page in (tmp_path / "paper").glob("*.md"):
        assert "not run" not in page.read_text(encoding="utf-8")


def test_the_page_has_the_paper_s_methods_and_controls_and_the_csv_has_all(demo: Path, tmp_path: Path) -> None:
    folder = as_paper_study(demo, tmp_path)
    main = pd.read_csv(folder / "main.csv")
    other = main[main["label"] == "uniform_magnitude"].assign(label="wanda", method="wanda", title="Wanda")
    pd.concat([main, other]).to_csv(folder / "main.csv", index=False)
    assert make_tables(tmp_path) == 0
    assert "Wanda" not in (tmp_path / "paper/main_table.md").read_text(encoding="utf-8")
    assert "wanda" in set(pd.read_csv(tmp_path / "paper/main_table.csv")["label"])


def test_no_cell_is_empty(paper: Path) -> None:
    for page in paper.glob("*.md"):
        for line in page.read_text(encoding="utf-8").splitlines():
            assert not (line.startswith("|") and re.search(r"\|\s*\|", line)), line


def test_the_csv_has_every_cell_unrounded(demo: Path, paper: Path) -> None:
    frame = pd.read_csv(paper / "main_table.csv")
    assert set(frame["study"]) == {"librispeech", "mini-full"}
    frame = frame[frame["study"] == "librispeech"]
    assert len(frame) == 2 * len(pd.read_csv(demo / "main.csv"))
    line = frame.query("label == 'self_pinching' and target_sparsity == 0.85 and test_set == 'test-clean'").iloc[0]
    assert line["wer_mean"] == main_row(demo, "self_pinching", 0.85)["test-clean_wer_mean"]


def test_latex_has_booktabs_rules_and_no_bare_special_characters(paper: Path) -> None:
    for page in paper.glob("*.tex"):
        text = page.read_text(encoding="utf-8")
        assert text.count(r"\toprule") == text.count(r"\bottomrule") == text.count(r"\begin{table*}") > 0
        assert not re.search(r"[±Δ°]|(?<![\\])[&#_](?![^\n]*\\\\)", text), page


def test_every_published_row_stands_in_exactly_one_protocol_with_its_source(paper: Path) -> None:
    found = {protocol: cells(paper / "published_table.md", protocol) for protocol in PROTOCOLS}
    published = read_published()
    assert sum(map(len, found.values())) == len(published) > 0
    for protocol, table in found.items():
        rows = [row for row in published if row.protocol == protocol]
        assert list(table.index) == [row.system for row in rows]
        assert list(table["source"]) == [row.source for row in rows]
        assert all(row.source for row in rows)


def test_our_numbers_stand_beside_their_own_protocol_and_model_only(demo: Path, paper: Path) -> None:
    for protocol in (SUPERB, WHISPER):
        assert not [name for name in cells(paper / "published_table.md", protocol).columns if name.startswith("ours")]
    ctc = cells(paper / "published_table.md", CTC)
    assert [name for name in ctc.columns if name.startswith("ours")] == [f"ours: {STUDY}"]
    lines = pd.read_csv(paper / "published_table.csv")
    assert lines[lines["base_model"] != "wav2vec2-base"].filter(like="our_").isna().all(axis=None)
    row = pd.read_csv(demo / "main.csv").iloc[0]
    wers = ", ".join(f"{100 * row[f'{name}_wer_mean']:.2f} on {name}" for name in ("test-clean", "test-other"))
    assert ctc.loc["dense", f"ours: {STUDY}"] == f"1.00x: {wers}"


def test_the_number_without_a_model_stands_in_a_line_of_its_own(paper: Path) -> None:
    ctc = cells(paper / "published_table.md", CTC)
    gates = ctc.loc["self-pinching gates"]
    assert (gates["base model"], gates[f"ours: {STUDY}"]) == ("not stated", "-")
    claims = (paper / "claims_table.md").read_text(encoding="utf-8")
    assert claims.count("## 7.05 % WER at 4.26x") == 1
    assert "7.05" not in pd.read_csv(paper / "claims_table.csv").to_csv()


def test_whisper_stands_beside_what_is_published_of_it(demo: Path, tmp_path: Path) -> None:
    as_paper_study(demo, tmp_path, "whisper-tiny")
    assert make_tables(tmp_path) == 0
    table = cells(tmp_path / "paper/published_table.md", WHISPER)
    ours = table.set_index("base model")["ours: Whisper tiny.en (whisper-tiny)"]
    assert ours["Whisper base"] == "-"
    assert ours["Whisper tiny.en"].startswith("1.00x: ")


@pytest.mark.parametrize("name", ["demo", "mini-full"])
def test_other_test_sets_stand_beside_no_published_number(demo: Path, tmp_path: Path, name: str) -> None:
    as_paper_study(demo, tmp_path, name, full=False)
    assert make_tables(tmp_path, name) == 0
    ctc = cells(tmp_path / name / "paper/published_table.md", CTC)
    assert not [column for column in ctc.columns if column.startswith("ours")]
