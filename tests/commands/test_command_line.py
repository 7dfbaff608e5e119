"""The command line itself: help, version, suggestions, and one line for every mistake in the arguments."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.__main__ import command_modules, main
from benchmark.system.project import ROOT

COMMANDS = [name.replace("_", "-") for name in command_modules()]
REFERENCE = str(ROOT / "tests/scoring/oracle/case2_significant/ref.trn")


def called(*arguments: str | bytes, **options: object) -> subprocess.CompletedProcess[str]:
    """`python -m benchmark` in a process of its own."""
    command = [sys.executable, "-m", "benchmark", *arguments]
    given: dict[str, object] = {"cwd": ROOT, "text": True, "stderr": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.run(command, **given | options)  # type: ignore[call-overload,no-any-return]


def error_of(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a wrong call prints."""
    assert main(arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("error: ")
    assert output.err.count("\n") == 1
    return output.err


def test_without_a_command_there_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("usage: ")
    assert [name for name in COMMANDS if f"    {name} " not in shown and f"    {name}\n" not in shown] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f" {command} " in capsys.readouterr().out


def test_a_misspelt_command_gets_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert 'unknown command "tabels": did you mean "tables"?' in error_of(["tabels", "mini"], capsys)


def test_version_and_commit(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert re.fullmatch(r"pinchbench \S.*, commit (unknown|[0-9a-f]{40}(\+dirty)?)\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["wer", REFERENCE], "required: HYP.trn; see "),
        (["significance", REFERENCE], "required: A.trn; see "),
        (["tables", "mini", "--nonsense"], "unrecognized arguments: --nonsense; see "),
        (["throughput", "--steps", "many"], "argument --steps: invalid int value: 'many'; see "),
        (["transcribe", "", REFERENCE], "an argument is empty"),
        (["wer", "x" * 300, REFERENCE], "File name too long"),
        (["show", "two\nlines \x1b[31m"], r'no study "two\nlines \x1b[31m"'),
        (["show", os.fsdecode(b"\xff")], r'no study "\udcff"'),
    ],
)
def test_wrong_arguments_are_one_line(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert message in error_of(arguments, capsys)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
def test_a_full_disk_behind_the_output_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        done = called("wer", REFERENCE, REFERENCE, stdout=full)
    assert (done.returncode, done.stderr) == (2, "error: No space left on device: while writing\n")


@pytest.mark.parametrize("stream", ["1", "2"])
def test_a_closed_stream_is_no_failure(stream: str) -> None:
    command = f'"{sys.executable}" -m benchmark wer {REFERENCE} {REFERENCE} {stream}>&-'
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_name_that_is_no_text_is_printed_all_the_same(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path / "a") + b"\xff.trn"
    shutil.copy(REFERENCE, os.fsdecode(path))
    done = called("significance", REFERENCE, REFERENCE, path)
    assert done.returncode == 0
    assert r"a\udcff.trn: WER 0.00 %" in done.stdout


def test_one_checkout_does_not_answer_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "benchmark").mkdir()
    (tmp_path / "benchmark/__main__.py").touch()
    monkeypatch.chdir(tmp_path)
    assert f"pinchbench is installed from {ROOT}" in error_of(["status", "mini"], capsys)


def test_the_installed_script_answers_by_its_own_name_from_anywhere(tmp_path: Path) -> None:
    script = tmp_path / "pinchbench"
    script.write_text("import sys\nfrom benchmark.__main__ import main\nsys.exit(main())\n")
    shown = []
    for arguments in (["--help"], ["status", "smoke"]):
        command = [sys.executable, str(script), *arguments]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        shown.append(done.stdout)
    assert shown[0].startswith("usage: pinchbench ")
    assert "runs done" in shown[1]
