"""How a study is named on the command line: `mini`, `config/mini.yaml`, `results/mini` or `work/mini`. No torch."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path

from benchmark.study.paths import ResultsFolder, WorkFolder
from benchmark.system import project
from benchmark.system.errors import UserError, suggestion

YAML = (".yaml", ".yml")


def add_study_argument(parser: ArgumentParser) -> None:
    """Add the positional argument STUDY; `args.config` then holds the path of the study's YAML file."""
    parser.add_argument(
        "config", type=study_file, metavar="STUDY", help="a study's name, YAML file or folder, such as mini"
    )


def study_file(text: str) -> Path:
    """Return the YAML file of a study that is given by its name, its file or one of its folders.

    Raises:
        UserError: there is no such study.
    """
    if text.endswith(YAML):
        return Path(text)  # `load_study` reports a file that cannot be read, and says where the studies are
    name = _name_of_folder(Path(text)) or text
    for folder in (Path("config"), _here("config")):
        if (path := folder / f"{name}.yaml").is_file():
            return path
    raise UserError(f'no study "{text}": config/{name}.yaml does not exist{suggestion(name, _names())}')


def results_folder(text: str, *, made: bool = True) -> Path:
    """Return the results folder of a study: your own results if they are stored apart, else those in `results/`.

    Args:
        text: the study, in one of these ways; a folder that holds `runs/` is used as given, so that `results/mini`
            always means the committed results.
        made: whether the folder must contain runs.

    Raises:
        UserError: there are no results; the message lists the available studies.
    """
    name, path = _name_of_folder(Path(text)), Path(text)
    if text.endswith(YAML):
        from benchmark.study.file import load_study  # imports pydantic, which would slow down --help

        places = [Path(os.path.relpath(load_study(path).shown_results))]
    elif name is None:
        places = [*_both(Path(), text), path, *_both(_here(), text)]
    elif path.resolve().parent.name == WorkFolder.KIND:
        places = _both(_here(), name)
    else:
        places = [path]
    for folder in places:
        if ResultsFolder(folder).runs.is_dir():
            return folder
    if not made:
        return ResultsFolder.of(text, Path()).path if name is None else places[-1]
    all_results = (Path(ResultsFolder.KIND), _here(ResultsFolder.KIND))
    known = sorted({run.parent.name for place in all_results for run in place.glob("*/runs")})
    raise UserError(
        f'no study "{text}" in results/, and no folder of that name with runs/{suggestion(name or text, known)}'
    )


def _both(project: Path, name: str) -> list[Path]:
    """The two places where a study's results may be: your own, and the committed ones."""
    return [WorkFolder.of(name, project).own_results.path, ResultsFolder.of(name, project).path]


def _name_of_folder(path: Path) -> str | None:
    """Name of the study that a folder, existing or not, belongs to: results/<study> or work/<study> of this project."""
    here = Path(os.path.abspath(path))
    return path.name if here in (WorkFolder.of(path.name).path, ResultsFolder.of(path.name).path) else None


def _here(folder: str = "") -> Path:
    """A folder of this project, as a path relative to the current directory."""
    return Path(os.path.relpath(project.ROOT / folder))


def _names() -> list[str]:
    return sorted({path.stem for folder in (Path("config"), _here("config")) for path in folder.glob("*.yaml")})
