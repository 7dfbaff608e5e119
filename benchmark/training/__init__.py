"""The one training loop, its batches, checkpoints and cached front-end features."""
