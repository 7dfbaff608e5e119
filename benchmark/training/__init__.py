"""The training loop, its batches, budgets and checkpoints, and cached front-end features."""
