"""Files that are missing or spoilt end in one clear line; nothing here needs torch."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from studied import as_paper_study, make_tables
from synthetic_study import reported_study

from benchmark.system.errors import UserError
from paper_figs.published import FILE, read_published

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def study(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    return as_paper_study(reported_study(tmp_path_factory.getbasetemp()), tmp_path)


def _drop(name: str) -> Callable[[Path], None]:
    return lambda path: _replace(path, name, "something_else")


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "spoil", "line"),
    [
        ("main.csv", Path.unlink, r"main\.csv does not exist: make it with `python -m benchmark tables librispeech`"),
        ("runs.csv", Path.unlink, r"runs\.csv does not exist"),
        ("significance.csv", Path.unlink, r"significance\.csv does not exist"),
        ("main.csv", lambda path: path.write_text(""), r"main\.csv cannot be read as CSV \(No columns"),
        ("main.csv", lambda path: path.write_bytes(b"\xff\xfe\x00"), r"main\.csv cannot be read as CSV"),
        ("main.csv", lambda path: path.write_text('a,b\n1,2,3\n1,2,3,"'), r"main\.csv cannot be read as CSV"),
        ("main.csv", _drop("finished_runs"), r'main\.csv has no column "finished_runs"'),
        ("significance.csv", _drop("label_b"), r'significance\.csv has no column "label_b"'),
        ("main.csv", lambda path: _replace(path, ",0.65,", ",much,"), r'line \d+: "much" in column "target_sparsity"'),
        ("main.csv", lambda path: _replace(path, "\ndense,", "\n,"), r'line 2: nothing in column "label"'),
        ("planned.json", lambda path: path.write_text("91"), r"planned\.json is not a list of runs"),
    ],
)
def test_a_spoilt_file_ends_in_one_line(
    study: Path, file: str, spoil: Callable[[Path], object], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(study / file)
    assert make_tables(study.parent) == 2
    said = capsys.readouterr().err
    assert re.fullmatch(rf"error: .*{line}.*\n", said), said
    assert not (study.parent / "paper").exists()


def test_an_unknown_study_is_named_with_those_that_there_are(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert make_tables(study.parent, "librispech") == 2
    said = capsys.readouterr().err
    assert re.fullmatch(r'error: no study "librispech" in .*/; there are: librispeech\n', said)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("DPHuBERT results table and README", "", r'line \d+: nothing in column "source"'),
        ("CTC fine-tuning greedy no LM", "my own", r'line 2: unknown protocol "my own"; there are: CTC'),
        ("4.26", "about four", r'line 3: "about four" in column "compression_ratio" is not a number'),
    ],
)
def test_a_published_row_without_source_protocol_or_ratio_is_refused(
    tmp_path: Path, old: str, new: str, line: str
) -> None:
    path = tmp_path / "published.csv"
    path.write_text(FILE.read_text(encoding="utf-8"), encoding="utf-8")
    _replace(path, old, new)
    with pytest.raises(UserError, match=line):
        read_published(path)


def test_it_imports_neither_torch_nor_the_scoring() -> None:
    code = "import sys, paper_figs.__main__; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    ours = {name for name in done.stdout.split() if name.startswith("benchmark.")}
    assert "torch" not in done.stdout.split()
    figures = {f"report.figures{name}" for name in ("", ".label_columns", ".labels", ".style")}
    tables = {"report.tables", "report.tables.typesetting"}
    assert ours == {
        f"benchmark.{name}" for name in {"system", "system.errors", "system.files", "report"} | figures | tables
    }
