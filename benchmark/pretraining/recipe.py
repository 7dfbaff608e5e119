"""The recipe of a model from scratch: its YAML file as checked, typed values, and the keys of its stages."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal, get_args

from pydantic.dataclasses import dataclass

from benchmark.corpora.choice import CorpusConfig
from benchmark.corpora.manifest import Dataset
from benchmark.models.fresh import Architecture
from benchmark.system.errors import UserError
from benchmark.system.files import hash_of
from benchmark.system.project import ROOT
from benchmark.system.strict_yaml import read_yaml_file
from benchmark.system.typed_yaml import KEYS, Above0, Probability, Share, typed

Stage = Literal["sentences", "spliced", "fine"]
STAGES: tuple[Stage, ...] = get_args(Stage)


@dataclass(frozen=True, config=KEYS)
class StageRecipe:
    """How one stage trains. `units` are units of work as in a study's budget."""

    units: Above0
    learning_rate: Above0
    batch_seconds: Above0
    warmup: Share
    bf16: bool


@dataclass(frozen=True, config=KEYS)
class Recipe:
    """Content of a recipe such as `config/dense-mini.yaml`.

    `front_end` trains the seven convolutions, `sentences` the layers on top of them, and `spliced` the same layers on
    spliced sentences. `fine` continues at 50 frames per second, without the strides of the context convolutions.
    `varied_from` and `regularised_from` are shares of `sentences`.
    """

    corpus: CorpusConfig
    work: Path
    output: Path
    seed: int
    architecture: Architecture
    speeds: tuple[Above0, ...]
    front_end: StageRecipe
    sentences: StageRecipe
    spliced: StageRecipe
    fine: StageRecipe
    sorted_epochs: int
    varied_from: Probability
    regularised_from: Probability


def read_recipe(path: Path) -> Recipe:
    """Read and check a recipe.

    Raises:
        UserError: the file is missing, or one of its keys is missing, unknown or of the wrong type.
    """
    try:
        recipe = typed(read_yaml_file(path), Recipe)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist") from None
    except UserError as error:
        where = "" if str(error).startswith(str(path)) else f"{path}: "
        raise UserError(f"{where}{error}") from None
    corpus = replace(recipe.corpus, root=ROOT / recipe.corpus.root if recipe.corpus.root else None)
    return replace(recipe, corpus=corpus, work=ROOT / recipe.work, output=ROOT / recipe.output)


def front_end_key(dataset: Dataset, recipe: Recipe) -> str:
    """Key of everything that the seven convolutions depend on."""
    channels = recipe.architecture.channels
    return hash_of([dataset.hash, channels, asdict(recipe.front_end), recipe.speeds, recipe.seed])[:16]


def stage_key(dataset: Dataset, recipe: Recipe, stage: Stage) -> str:
    """Key of everything that a stage depends on: the corpus and the recipe, without paths and later stages."""
    later = STAGES[STAGES.index(stage) + 1 :]
    choices = {k: v for k, v in asdict(recipe).items() if k not in ("corpus", "work", "output", *later)}
    return hash_of([dataset.hash, choices])[:16]
