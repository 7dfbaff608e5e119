"""Exporting the model that a method returns: one that no folder can hold fails its run, not the study."""

from __future__ import annotations

from small_study import METHOD, RUN, SmallStudy

from benchmark.system.files import read_json


def test_a_model_that_its_folder_cannot_describe_is_a_failed_row(small_study: SmallStudy) -> None:
    wide = ("import torch\n" + METHOD).replace(
        "return job.model", "job.model.lm_head = torch.nn.Linear(32, 40)\n        return job.model"
    )
    (small_study.root / "methods" / "breaks_off.py").write_text(wide)
    assert small_study.call("compress", RUN) == 0
    record = read_json(small_study.run() / "compress.json")
    assert record["status"] == "failed"
    assert "the exported model cannot be read back" in record["reason"]
