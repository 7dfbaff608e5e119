"""Transcripts are made in the precision that a study's `evaluation` asks for."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from benchmark.corpora.manifest import Dataset
from benchmark.models.checkpoints import load
from benchmark.runs.published_wer import word_error_rate
from benchmark.study.keys import EvaluationConfig


@pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_a_model_computes_in_it(tiny_model: Path, tiny_corpus: Path, precision: str, dtype: torch.dtype) -> None:
    model, seen = load(tiny_model), set[torch.dtype]()
    model.model.lm_head.register_forward_hook(lambda _head, _args, output: seen.add(output.dtype))
    word_error_rate(model, Dataset.open(tiny_corpus), "dev", EvaluationConfig(precision=precision))  # type: ignore[arg-type]
    assert seen == {dtype}
