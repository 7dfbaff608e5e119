"""Training that diverges leaves a row that says so, whatever the method has logged."""

from __future__ import annotations

import pytest
from small_study import SmallStudy

from benchmark.system.files import read_json


@pytest.mark.parametrize("method", ["self_pinching", "self_pinching_structured", "l0_structured", "nas_channel"])
def test_a_diverged_run_is_a_failed_row(small_study: SmallStudy, method: str) -> None:
    text = small_study.config.read_text()
    small_study.config.write_text(text.replace("breaks_off: ", f"{method}: {{settings: {{learning_rate: 1.0e+4}}}}"))
    run = f"{method}-0.65-seed0"
    for command in ("compress", "transcribe-tests", "score"):
        assert small_study.call(command, run) == 0
    record = read_json(small_study.run(run) / "run.json")
    assert record["status"] == "failed"
    assert record["reason"].startswith("the loss is nan at step ")
    assert record["notes"][-1].startswith("not logged because not finite: ")
