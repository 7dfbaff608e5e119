"""One training, cut at every target: the weights do not depend on which run trained, and each row states its share."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from small_study import SmallStudy

from benchmark.models.checkpoints import load
from benchmark.study.file import load_study
from benchmark.system.files import read_json
from benchmark.workflow import training_files

METHOD = '''
import os

import torch
from torch import nn

from benchmark.contract import Method
from benchmark.toolbox.masks import topk_mask


class AnySize(Method):
    """Train a score for every weight once; keep the highest at each target."""

    title, family, source = "Any size", "unstructured", "a test"
    one_training = True

    def compress(self, job):
        looks = "LOOKS" in os.environ

        class Trained(nn.Module):
            def __init__(self):
                super().__init__()
                self.model = job.model
                self.order = nn.ParameterDict()

        trained = Trained()

        def train():
            if looks:
                print(job.target.keep)
            job.train(job.model, learning_rate=1e-3)

        job.train_once(trained, train)
        for matrix in job.encoder:
            noise = torch.rand(matrix.weight.shape, generator=job.generator)
            mask = topk_mask(matrix.weight.detach().abs() + 1e-3 * noise, job.target.keep)
            matrix.weight.data.mul_(mask)
        return job.model
'''.replace("benchmark.contract", "benchmark.toolbox.contract")


@pytest.fixture
def study(small_study: SmallStudy) -> SmallStudy:
    """With a method that trains once for two targets."""
    (small_study.root / "methods" / "any_size.py").write_text(METHOD)
    text = small_study.config.read_text().replace("targets: [0.65]", "targets: [0.65, 0.85]")
    small_study.config.write_text(text.replace("breaks_off: ", "any_size: "))
    return small_study


FIRST, SECOND = "any_size-0.65-seed0", "any_size-0.85-seed0"


def test_the_second_target_takes_the_training_over(study: SmallStudy) -> None:
    assert study.call("compress", FIRST) == study.call("compress", SECOND) == 0
    first, second = (read_json(study.run(run) / "compress.json") for run in (FIRST, SECOND))
    assert first["status"] == second["status"] == "ok", (first["reason"], second["reason"])
    assert first["budget"] == second["budget"]
    assert first["budget"]["spent"] > 0.9 * first["budget"]["limit"]
    spent = first["budget"]["spent"]
    said = f"trained once for the targets 65 %, 85 %: this row's share is {spent / 2:,.0f} of {spent:,.0f} work"
    assert said in first["notes"]
    assert said in second["notes"]
    assert (study.run(FIRST) / "curves.csv").read_bytes() == (study.run(SECOND) / "curves.csv").read_bytes()
    assert second["phases"]["train"] == first["phases"]["train"]
    kept = [load(study.run(run) / "model").model.state_dict() for run in (FIRST, SECOND)]
    for name, weight in kept[1].items():
        where = weight != 0
        assert torch.equal(kept[0][name][where], weight[where]), name  # what is left is the same


def test_it_does_not_matter_which_run_trains(study: SmallStudy, tmp_path: Path) -> None:
    assert study.call("compress", FIRST) == study.call("compress", SECOND) == 0
    taken_over = study.result(SECOND)
    for path in (study.work / "trainings").iterdir():
        path.unlink()
    for path in study.run(SECOND).glob("compress*.json"):
        path.unlink()
    assert study.call("compress", SECOND) == 0
    assert study.result(SECOND) == taken_over


def test_a_training_for_all_targets_that_looks_at_one_fails(study: SmallStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOKS", "1")
    assert study.call("compress", FIRST) == 0
    record = read_json(study.run(FIRST) / "compress.json")
    assert record["status"] == "failed"
    assert "this run has no `job.target`" in record["reason"]


def test_snakemake_makes_the_first_target_first(study: SmallStudy) -> None:
    loaded = load_study(study.config)
    assert training_files(loaded, loaded.run(FIRST)) == []
    (needed,) = training_files(loaded, loaded.run(SECOND))
    assert needed.endswith(f"work/small/runs/{FIRST}/compress.json")
    assert training_files(loaded, loaded.run("dense")) == []
