"""A training job for one stage of a recipe."""

from __future__ import annotations

from pathlib import Path

from benchmark.models.checkpoints import SpeechModel
from benchmark.pretraining.recipe import Recipe, StageRecipe
from benchmark.toolbox.job import Job
from benchmark.training.budget import Budget, Clock
from benchmark.training.options import Options
from benchmark.training.speech import Speech


def job_for(
    speech_model: SpeechModel, speech: Speech, recipe: Recipe, stage: StageRecipe, clock: Clock, checkpoints: Path
) -> Job:
    """A job over `speech` on the stage's budget, with the options that all stages share."""
    options = Options(
        learning_rate=0.0,
        warmup=stage.warmup,
        batch_seconds=stage.batch_seconds,
        betas=(0.9, 0.98),
        clip=5.0,
        speeds=recipe.speeds,
        bf16=stage.bf16,
        load_ahead=False,  # the stages change the speech between steps
    )
    return Job(
        speech_model,
        speech,
        Budget("work", stage.units, clock),
        options,
        sparsity=None,
        seed=recipe.seed,
        frozen_frontend=False,
        checkpoints=checkpoints,
    )
