"""What a method learns about its target."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import MakeJob

from benchmark.system.errors import CannotCompress


def test_what_remains_and_what_goes_add_up(make_job: MakeJob, tmp_path: Path) -> None:
    target = make_job(tmp_path, sparsity=0.25).target
    assert target.removed == round(0.25 * target.encoder_parameters)
    assert target.removed + target.remaining == target.total_parameters
    assert target.keep == 0.75


def test_a_method_without_a_target_that_asks_for_it_is_told_so(make_job: MakeJob, tmp_path: Path) -> None:
    with pytest.raises(CannotCompress, match=r"this run has no `job\.target`"):
        _ = make_job(tmp_path, sparsity=None).target
