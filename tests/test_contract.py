"""The contract, checked over every method that is found in methods/, or those of `--method path/to/my_method.py`.

A failure names the rule, what was measured, the tolerance, and what to do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest
import torch
from conftest import MakeJob, run_method
from torch.nn.utils import parametrize
from transformers import PreTrainedModel

from benchmark.models.batch import Batch
from benchmark.models.checkpoints import SpeechModel
from benchmark.models.encoder import Encoder
from benchmark.models.folder_state import plain_state
from benchmark.models.vocabulary import Vocabulary
from benchmark.runs.outcome import read_back, require_size, returned_model
from benchmark.study.registry import load_method, method_names
from benchmark.system.errors import CannotCompress, CannotReachTarget, UserError
from benchmark.toolbox.contract import Method
from benchmark.toolbox.job import Job
from benchmark.training.allowance import TOLERANCE
from benchmark.training.budget import OverBudget
from benchmark.training.loop import Phase, Planned

LEAST_USED = 0.9  # of its budget, by a method that trains


@dataclass(frozen=True)
class Run:
    """A method, its job, the model that it returned, and that model exported and read back."""

    name: str
    method: type[Method]
    job: Job
    model: PreTrainedModel
    exported: PreTrainedModel
    bytes_on_disk: int


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test for every method, or for those that the command line names."""
    here = metafunc.config.invocation_params.dir
    given = metafunc.config.getoption("--method")
    names = [str(here / name) if name.endswith(".py") else name for name in given] or method_names()
    metafunc.parametrize("run", names, indirect=True, ids=[Path(name).stem for name in names], scope="module")


@pytest.fixture(scope="module")
def run(request: pytest.FixtureRequest, make_job: MakeJob, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("run")
    job = make_job(folder)
    try:
        method = load_method(request.param)
        if reason := method({}).skip(job):
            pytest.skip(reason)
        model = returned_model(run_method(request.param, job), job.model)
        exported, size = read_back(SpeechModel(model, Vocabulary.of_letters()), folder / "model")
    except UserError as error:
        broken("a class that the tables can name", str(error), "see docs/adding-a-method.md, The class")
    except (CannotCompress, OverBudget) as error:
        what = f"{type(error).__name__}: {error}"
        broken("a model comes back", what, "see docs/adding-a-method.md, What has to come back")
    return Run(request.param, method, job, model, exported.model, size)


def broken(rule: str, measured: str, advice: str) -> NoReturn:
    """Fail, in three lines without a traceback."""
    pytest.fail(f"rule: {rule}\nmeasured: {measured}\nwhat to do: {advice}", pytrace=False)


def trained(job: Job) -> bool:
    """Whether `job.train` ran, which uses up the budget; a loop of the method's own is as long as the method says."""
    return "train" in job.budget.clock.seconds


def logits(model: PreTrainedModel) -> torch.Tensor:
    audio = torch.randn(2, 16_000, generator=torch.Generator().manual_seed(1))
    model.eval()
    with torch.inference_mode():
        output: torch.Tensor = model(audio).logits
    return output


def difference(a: PreTrainedModel, b: PreTrainedModel) -> str:
    """How many tensors of two models differ, and the first of them; empty if none."""
    left, right = plain_state(a), plain_state(b)
    shared = left.keys() & right.keys()
    names = [name for name in left if name in shared and not torch.equal(left[name], right[name])]
    names += sorted(left.keys() ^ right.keys())
    return f"{len(names)} of {len(left)} tensors differ, the first is {names[0]}" if names else ""


def test_is_as_small_as_its_row_says(run: Run) -> None:
    target = run.job.target if run.method.takes_target else None
    try:
        require_size(run.method.family, target, run.job.teacher(), run.exported, run.bytes_on_disk)
    except CannotReachTarget as error:
        broken(
            "the exported model is as small as the target, or as the family, says",
            str(error),
            "remove `job.target.removed` parameters of the whole model, exactly so many weights if the method is "
            "unstructured; zeros count only in the encoder's matrices; without a target set `takes_target = False`",
        )


def test_stays_inside_its_budget_and_uses_it(run: Run) -> None:
    budget = run.job.budget
    measured = f"{budget.spent:.0f} of {budget.limit:.0f} units were used"
    if budget.spent > budget.limit * (1 + TOLERANCE):
        advice = "let `job.train` stop by itself; compute less in hooks and after training"
        broken(f"at most {1 + TOLERANCE:.0%} of the budget", measured, advice)
    if trained(run.job) and budget.spent < LEAST_USED * budget.limit:
        advice = "call `job.train` once more, or with a larger `share`: shares are of the budget that is left"
        broken(f"a method that trains uses at least {LEAST_USED:.0%} of its budget", measured, advice)
    if not trained(run.job) and run.method.family != "dense" and run.method.needs != "nothing" and budget.spent == 0:
        advice = 'compute with `job.forward(model, batch)`, which is metered; without data set `needs = "nothing"`'
        broken("calibration is paid for", measured, advice)


def test_is_deterministic_for_a_seed(run: Run, make_job: MakeJob, tmp_path: Path) -> None:
    if trained(run.job):
        pytest.skip("the test of a killed run shows it too")
    require_the_same_again(run, make_job, tmp_path)


def require_the_same_again(run: Run, make_job: MakeJob, folder: Path) -> None:
    if found := difference(run.model, run_method(run.name, make_job(folder))):
        advice = "draw every random number from `job.generator`; iterate over lists, not sets"
        broken("the same seed gives the same weights, bit for bit", found, advice)


def test_resumes_to_the_same_weights(
    run: Run, make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not trained(run.job):
        pytest.skip("does not train")
    step, calls = Phase._step, 0
    middle = min(18, len(run.job.curves) // 2)  # a step may take more than one gradient, so that there are few

    def killed_in_the_middle(self: Phase, planned: Planned, load: Callable[[], list[Batch]]) -> bool:
        nonlocal calls
        calls += 1
        if calls == middle:
            raise RuntimeError("killed")
        return step(self, planned, load)

    monkeypatch.setattr(Phase, "_step", killed_in_the_middle)
    with pytest.raises(RuntimeError, match="killed"):
        run_method(run.name, make_job(tmp_path, checkpoint_seconds=0))
    monkeypatch.setattr(Phase, "_step", step)
    assert list(tmp_path.glob("*.pt"))
    if found := difference(run.model, run_method(run.name, make_job(tmp_path))):
        require_the_same_again(run, make_job, tmp_path / "again")  # else the difference is not the interruption's
        advice = "keep what changes in training in the model or in `extra=`, or derive it from `state.progress`"
        broken("a killed run goes on to the same weights, bit for bit", found, advice)


def test_round_trips_through_its_folder(run: Run) -> None:
    found = difference(run.model, run.exported)
    if not found and not torch.equal(logits(run.model), logits(run.exported)):
        found = f"logits differ by up to {(logits(run.model) - logits(run.exported)).abs().max():.2g}"
    if found:
        advice = "leave no hook, and no module or attribute that config.json does not describe, on the model"
        broken("the exported folder gives the same model, bit for bit", found, advice)


def test_leaves_no_parametrization_behind(run: Run) -> None:
    left = [m.name for m in Encoder(run.model) if parametrize.is_parametrized(m.linear)]
    if left:
        measured = f"{len(left)} encoder matrices are parametrized, the first is {left[0]}"
        broken("plain weights come back", measured, "call `torch.nn.utils.parametrize.remove_parametrizations`")


def test_gives_finite_logits(run: Run) -> None:
    output = logits(run.exported)
    finite = int(output.isfinite().sum())
    if finite < output.numel() or output.std() == 0:
        measured = f"{finite} of {output.numel()} logits are finite, their deviation is {output.std():.2g}"
        broken("logits are finite and not all the same", measured, "guard divisions and logarithms; prune less at once")


def test_seeds_differ(run: Run, make_job: MakeJob, tmp_path: Path) -> None:
    short = [run_method(run.name, make_job(tmp_path / str(seed), seed=seed, limit=100)) for seed in (0, 1)]
    found = difference(*short)
    if bool(found) != run.method.seeded:
        advice = "set `seeded = False` if nothing in the method is random, else draw from `job.generator`"
        broken(f"two seeds {'differ' if run.method.seeded else 'agree'}", found or "the weights are the same", advice)
