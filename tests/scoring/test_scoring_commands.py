"""`python -m benchmark significance` and `wer`, as a user meets them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.__main__ import main

ORACLE = Path(__file__).parent / "oracle"
CASE = ORACLE / "case2_significant"
REF, A, B = (str(CASE / name) for name in ("ref.trn", "sysA.trn", "sysB.trn"))


def test_two_systems_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["significance", REF, A, B]) == 0
    out = capsys.readouterr().out
    assert "WER 15.85 %, 91 errors in 574 words" in out
    assert "A - B    +8.71 points [" in out
    assert "81 segments, mean difference +0.6173 errors, sd 1.0194, Z = +5.450, p < 0.0001" in out
    assert "B makes significantly fewer errors than A" in out


def test_no_significance_is_not_equality(capsys: pytest.CaptureFixture[str]) -> None:
    case = ORACLE / "case1_small_ns"
    assert main(["significance", *(str(case / f"{name}.trn") for name in ("ref", "sysA", "sysB"))]) == 0
    out = capsys.readouterr().out
    assert "No significant difference" in out
    assert "does not show that they are equal" in out


def test_two_systems_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["significance", REF, A, B, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    expected = json.loads((CASE / "expected.json").read_text())
    assert found["segments"] == expected["num_segments"]
    assert found["mean"] == expected["mean"]
    assert found["std"] == pytest.approx(expected["std_dev"], rel=1e-14)
    assert found["z"] == pytest.approx(expected["z"], rel=1e-14)
    assert found["p"] == pytest.approx(expected["p_exact"], rel=1e-12)
    assert found["p_sctk_table"] == expected["p_sctk_table"]
    assert found["verdict"] == "B better"
    assert found["degenerate"] is None


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_one_system_has_its_word_error_rate(options: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["significance", REF, A, *options]) == 0
    found = capsys.readouterr().out
    assert main(["wer", REF, A, *options]) == 0
    assert found == capsys.readouterr().out


def test_the_help_says_that_one_system_is_enough(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["significance", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "REF.trn A.trn [B.trn ...]" in shown
    assert "if it is the only one, print its WER" in shown


def test_many_systems(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["significance", REF, A, B, REF, REF]) == 0
    out = capsys.readouterr().out
    assert "Holm's correction over 5 pairs" in out
    assert out.count("no test possible") == 1
    assert out.count("B better") == 1
    assert main(["significance", REF, A, B, REF, "--json"]) == 0
    assert [pair["verdict"] for pair in json.loads(capsys.readouterr().out)] == ["B better"] * 3


def test_a_file_against_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["significance", REF, A, A, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["verdict"], found["p"], found["z"]) == ("no test possible", 1, 0)
    assert "equally many errors in each of the" in found["degenerate"]


def test_intervals_over_utterances_say_what_they_leave_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for files in ([REF, A], [REF, A, B], [REF, A, B, REF]):
        assert main(["significance", *files]) == 0
        assert "fewer than 10 speakers are known" in capsys.readouterr().out
    known = tmp_path / "known.trn"
    known.write_text("".join(f"one two (speaker{number % 10}-{number})\n" for number in range(20)))
    assert main(["significance", str(known), str(known), str(known)]) == 0
    out = capsys.readouterr().out
    assert "bootstrap over speakers" in out
    assert "are known" not in out


def test_wer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["wer", REF, A]) == 0
    assert "15.85 %" in capsys.readouterr().out
    assert main(["wer", REF, A, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["errors"], found["words"], found["utterances"]) == (91, 574, 40)
    assert found["wer"] == 91 / 574
    assert found["interval"][0] < found["wer"] < found["interval"][1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file"),
        ("", "contains no transcripts"),
        ("no id here\n", "line 1: no (utterance-id)"),
        ("one (x-1)\n", "missing 40 (spk0-0000, spk0-0004, spk0-0008, ...); not in the reference 1 (x-1)"),
    ],
)
@pytest.mark.parametrize("command", [["wer", REF], ["significance", REF, A]])
def test_bad_input_is_one_line(
    command: list[str], content: str | None, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.trn"
    if content is not None:
        path.write_text(content)
    assert main([*command, str(path)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("error: ")
    assert str(path) in captured.err
    assert message in captured.err


def test_scoring_does_not_import_torch() -> None:
    code = "import sys, benchmark.scoring.significance; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
