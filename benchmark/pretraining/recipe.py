"""The recipe of a model from scratch: its YAML, checked, as typed values, and what its stages are made from."""

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
    """How one of the stages trains; `units` of work as in a study's budget."""

    units: Above0
    learning_rate: Above0
    batch_seconds: Above0
    warmup: Share
    bf16: bool


@dataclass(frozen=True, config=KEYS)
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
        UserError: the file is missing, or a key of it is missing, unknown or of the wrong kind.
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
    """Names what the seven convolutions are made from."""
    channels = recipe.architecture.channels
    return hash_of([dataset.hash, channels, asdict(recipe.front_end), recipe.speeds, recipe.seed])[:16]


def stage_key(dataset: Dataset, recipe: Recipe, stage: Stage) -> str:
    """Names what a stage is made from: the corpus and the recipe, without later stages and where things are."""
    later = STAGES[STAGES.index(stage) + 1 :]
    choices = {k: v for k, v in asdict(recipe).items() if k not in ("corpus", "work", "output", *later)}
    return hash_of([dataset.hash, choices])[:16]
