"""Training of the embedded dense model from scratch (`make dense`), by a recipe such as config/dense-mini.yaml."""

from benchmark.pretraining.stages import train_from_scratch

__all__ = ["train_from_scratch"]
