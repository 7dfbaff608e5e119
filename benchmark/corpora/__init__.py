"""Corpora: an adapter each (mini, an4, librispeech), and `prepare`, which brings any of them into one form on disk."""

from benchmark.corpora.preparation import prepare

__all__ = ["prepare"]
