"""The recipe of a model from scratch: its YAML, checked, as typed values, and what its stages are made from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from benchmark.corpora.choice import CorpusConfig
from benchmark.corpora.manifest import Dataset
from benchmark.models.fresh import Architecture
from benchmark.system.errors import UserError
from benchmark.system.files import hash_of
from benchmark.system.project import ROOT
from benchmark.system.strict_yaml import read_yaml_file

Stage = Literal["sentences", "spliced", "fine"]
STAGES: tuple[Stage, ...] = get_args(Stage)


@dataclass(frozen=True)
class StageRecipe:
    """How one of the stages trains; `units` of work as in a study's budget."""

    units: float
    learning_rate: float
    batch_seconds: float
    warmup: float
    bf16: bool


@dataclass(frozen=True)
class Recipe:
    """`config/dense-mini.yaml`.

    `front_end` trains the seven convolutions, `sentences` what stands on them, `spliced` the same on spliced sentences,
    `fine` trains on at 50 frames a second, without the strides of the architecture's context convolutions.
    `varied_from` and `regularised_from` are shares of `sentences`.
    """

    corpus: CorpusConfig
    work: Path
    output: Path
    seed: int
    architecture: Architecture
    speeds: tuple[float, ...]
    front_end: StageRecipe
    sentences: StageRecipe
    spliced: StageRecipe
    fine: StageRecipe
    sorted_epochs: int
    varied_from: float
    regularised_from: float


def read_recipe(path: Path) -> Recipe:
    """Read and check a recipe.

    Raises:
        UserError: the file is missing, or a key of it is missing, unknown or of the wrong kind.
    """
    try:
        keys: dict[str, Any] = read_yaml_file(path)
        corpus = keys["corpus"] | {"root": ROOT / keys["corpus"]["root"], "tests": tuple(keys["corpus"]["tests"])}
        typed = {
            "corpus": CorpusConfig(**corpus),
            "work": ROOT / keys["work"],
            "output": ROOT / keys["output"],
            "architecture": Architecture(**keys["architecture"]),
            "speeds": tuple(keys["speeds"]),
            "front_end": StageRecipe(**keys["front_end"]),
            "sentences": StageRecipe(**keys["sentences"]),
            "spliced": StageRecipe(**keys["spliced"]),
            "fine": StageRecipe(**keys["fine"]),
        }
        return Recipe(**(keys | typed))
    except FileNotFoundError:
        raise UserError(f"{path} does not exist") from None
    except KeyError as error:
        raise UserError(f"{path} lacks the key {error}") from None
    except TypeError as error:
        raise UserError(f"{path}: {' '.join(str(error).split())}") from None


def front_end_key(dataset: Dataset, recipe: Recipe) -> str:
    """Names what the seven convolutions are made from."""
    channels = recipe.architecture.channels
    return hash_of([dataset.hash, channels, asdict(recipe.front_end), recipe.speeds, recipe.seed])[:16]


def stage_key(dataset: Dataset, recipe: Recipe, stage: Stage) -> str:
    """Names what a stage is made from: the corpus and the recipe, without later stages and where things are."""
    later = STAGES[STAGES.index(stage) + 1 :]
    choices = {k: v for k, v in asdict(recipe).items() if k not in ("corpus", "work", "output", *later)}
    return hash_of([dataset.hash, choices])[:16]
