"""Corpora: one adapter for each (mini, an4, librispeech), and `prepare`, which brings them into one form on disk."""

from benchmark.corpora.preparation import prepare

__all__ = ["prepare"]
