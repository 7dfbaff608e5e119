"""Estimates the disk space and memory that a study needs from the sizes of its corpus and its model. No torch."""

from __future__ import annotations

from benchmark.corpora.survey import SplitSize
from benchmark.models.architectures.sizes import ModelConfig
from benchmark.models.source import (
    encoder_parameters,
    estimated_parameters,
    feature_channels,
    frames_per_second,
    layers,
    width,
)
from benchmark.study.plan import Study

# Assumptions. Disk: 2 bytes per sample of decoded audio, 2 per channel and frame of the front-end's cached output, 4
# per parameter. A compressed model stores its remaining weights and one bit per original weight. One run is active at a
# time, with a checkpoint of its weights and AdamW's two moments. Memory: 24 bytes per parameter (the model, the dense
# copy, a teacher, gradients, two moments); 68 bytes per frame, layer and channel of an fp32 training step; 0.6 GB for
# the process. Measured on wav2vec2-base (docs/full-size.md); some methods take up to 20 more bytes per parameter.
AUDIO_BYTES = 2 * 16_000  # per second
FEATURE_BYTES = 2
WEIGHT_BYTES, CHECKPOINT_BYTES, TRAINING_BYTES = 4, 12, 24  # per parameter
BITMAP_BYTES = 1 / 8  # per parameter
ACTIVATION_BYTES = 68
PROCESS_BYTES = 6e8


def disk_bytes(study: Study, config: ModelConfig, sizes: dict[str, SplitSize]) -> float:
    """Bytes that the study has yet to write to `work/`, and to the corpus's root if the corpus is downloaded."""
    return _to_prepare(study, sizes) + _to_cache(study, config, sizes) + _to_keep(study, config)


def _to_prepare(study: Study, sizes: dict[str, SplitSize]) -> float:
    """Bytes of the corpus's download and of the decoded audio."""
    if study.work.data_summary.exists():
        return 0.0
    return sum(size.to_fetch + AUDIO_BYTES * size.seconds for size in sizes.values())


def _to_cache(study: Study, config: ModelConfig, sizes: dict[str, SplitSize]) -> float:
    """Bytes of the front-end's output for the training split, at each speed."""
    if not study.training.frozen_frontend or (study.work.features / "index.json").exists():
        return 0.0
    speeds = {1.0, *(study.dense.fine_tune.speeds if study.dense.fine_tune else ())}
    seconds = sizes[study.corpus.train].seconds if sizes else 0.0
    frames = frames_per_second(config) * seconds * sum(1 / speed for speed in speeds)
    return FEATURE_BYTES * feature_channels(config) * frames


def _to_keep(study: Study, config: ModelConfig) -> float:
    """Bytes of the dense model, one checkpoint, and the models of all runs that are not finished yet."""
    parameters, encoder = estimated_parameters(config), encoder_parameters(config)
    left = [plan for plan in study.runs if not study.work.run(plan.run).compressed.exists()]
    remaining = sum(parameters - encoder * (plan.target or 0.0) for plan in left)
    models = WEIGHT_BYTES * (parameters + remaining) + BITMAP_BYTES * parameters * len(left)
    return models + CHECKPOINT_BYTES * parameters


def model_bytes(config: ModelConfig) -> float:
    """Bytes of memory for a training job's models, gradients and moments, which do not depend on the batch."""
    return TRAINING_BYTES * estimated_parameters(config)


def memory_bytes(study: Study, config: ModelConfig) -> float:
    """Bytes of memory for a timed job that fine-tunes the dense model."""
    frames = study.training.batch_seconds * frames_per_second(config)
    step = ACTIVATION_BYTES * frames * layers(config) * width(config)
    return model_bytes(config) + step + PROCESS_BYTES
