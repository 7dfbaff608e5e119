"""Every command accepts a study by its name, its file or one of its folders."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_study import SmallStudy

from benchmark.__main__ import main
from benchmark.study.argument import results_folder, study_file
from benchmark.system.errors import UserError
from benchmark.system.files import write_json

NAMES = ["small", "config/small.yaml", "results/small", "work/small/", "./results/small"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a study that has results and intermediate files."""
    monkeypatch.setattr("benchmark.system.project.ROOT", tmp_path)
    for folder in ("config", "results/small/runs", "work/small/runs"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "config/small.yaml").touch()
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_all_names_mean_the_same_file(name: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    assert study_file(name) == Path("config/small.yaml")


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith(".yaml")])
def test_all_names_mean_the_same_results(name: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    assert results_folder(name) == Path("results/small")


@pytest.mark.parametrize(("name", "own"), [("small", True), ("work/small", True), ("results/small", False)])
def test_own_results_are_read_before_committed_ones(
    name: str, own: bool, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    (project / "work/small/results/runs").mkdir(parents=True)
    assert results_folder(name) == Path("work/small/results" if own else "results/small")


def test_a_study_is_found_from_anywhere(
    project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert study_file("small").samefile(project / "config/small.yaml")
    assert study_file(str(project / "work/small")).samefile(project / "config/small.yaml")
    assert results_folder("small").samefile(project / "results/small")


def test_results_of_elsewhere_are_taken_as_they_are(project: Path, tmp_path: Path) -> None:
    (tmp_path / "other/runs").mkdir(parents=True)
    assert results_folder(str(tmp_path / "other")) == tmp_path / "other"


@pytest.mark.parametrize("name", ["smal", "results/smal", "work/smal"])
def test_an_unknown_study_gets_a_suggestion(name: str, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    for reader in (study_file, results_folder):
        with pytest.raises(UserError, match=f'no study "{name}".*: did you mean "small"'):
            reader(name)


@pytest.mark.parametrize("command", ["status", "prepare", "dense", "publish"])
def test_commands_take_a_study_by_name(command: str, small_study: SmallStudy) -> None:
    assert main([command, "small"]) == main([command, str(small_study.work)]) == small_study.call(command)


def test_tables_take_a_study_by_its_file(small_study: SmallStudy, capsys: pytest.CaptureFixture[str]) -> None:
    write_json(small_study.root / "results/small/runs/dense/run.json", {})
    errors = []
    for name in ("small", str(small_study.config), str(small_study.work)):
        assert main(["tables", name]) == 2
        errors.append(capsys.readouterr().err)
    assert len(set(errors)) == 1
    assert "results/small/runs/dense/run.json" in errors[0]
