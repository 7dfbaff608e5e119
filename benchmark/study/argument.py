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
    """The positional argument STUDY; `args.config` is the study's YAML file then."""
    parser.add_argument(
        "config", type=study_file, metavar="STUDY", help="a study: its name, its YAML or its folder, such as mini"
    )


def study_file(text: str) -> Path:
    """The YAML file of a study that is given by its name, its file or one of its folders.

    Raises:
        UserError: there is no such study.
    """
    if text.endswith(YAML):
        return Path(text)  # whether it can be read, and where others are, `load_study` says
    name = _name_of_folder(Path(text)) or text
    for folder in (Path("config"), _here("config")):
        if (path := folder / f"{name}.yaml").is_file():
            return path
    raise UserError(f'no study "{text}": config/{name}.yaml does not exist{suggestion(name, _names())}')


def results_folder(text: str, *, made: bool = True) -> Path:
    """The results of a study: one's own, if they lie apart from the committed ones, else those in `results/`.

    Args:
        text: the study, in one of these ways; a folder that holds `runs/` is taken as it is, so that `results/mini`
            means the committed results in any case.
        made: whether there must be runs.

    Raises:
        UserError: there are none; names the studies that there are.
    """
    name, path = _name_of_folder(Path(text)), Path(text)
    if text.endswith(YAML):
        from benchmark.study.file import load_study  # with pydantic, which --help needs not wait for

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
    raise UserError(f'no study "{text}" in results/ and no such folder with runs/{suggestion(name or text, known)}')


def _both(project: Path, name: str) -> list[Path]:
    """Where a study's results may lie: one's own, and the committed ones."""
    return [WorkFolder.of(name, project).own_results.path, ResultsFolder.of(name, project).path]


def _name_of_folder(path: Path) -> str | None:
    """The study that a folder belongs to: results/<study> or work/<study> of this project, made already or not."""
    here = Path(os.path.abspath(path))
    return path.name if here in (WorkFolder.of(path.name).path, ResultsFolder.of(path.name).path) else None


def _here(folder: str = "") -> Path:
    """A folder of this project, by the path from where the command runs."""
    return Path(os.path.relpath(project.ROOT / folder))


def _names() -> list[str]:
    return sorted({path.stem for folder in (Path("config"), _here("config")) for path in folder.glob("*.yaml")})
