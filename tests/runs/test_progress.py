"""The progress of a study; adding a method does not make finished results incomplete."""

from __future__ import annotations

import pytest
from made_study import METHOD
from small_study import SmallStudy

from benchmark.runs.study_status import progress_line, run_states
from benchmark.study.file import load_study
from benchmark.system.files import read_json


@pytest.fixture
def everything(small_study: SmallStudy) -> SmallStudy:
    """A study of all methods, which are two here; nothing has run yet."""
    for path in (small_study.root / "methods").glob("*.py"):
        if path.stem not in ("dense", "breaks_off"):
            path.unlink()
    text = small_study.config.read_text()
    small_study.config.write_text(text.replace("{dense: , breaks_off: }", '{"*": }'))
    return small_study


def add_method(study: SmallStudy) -> None:
    text = METHOD.format(body="return job.model", takes_target=True, seeded=True)
    (study.root / "methods" / "newcomer.py").write_text(text)


def progress(study: SmallStudy) -> str:
    return progress_line(run_states(load_study(study.config)))


def test_a_new_method_is_to_come_while_nothing_is_published(everything: SmallStudy) -> None:
    add_method(everything)
    assert progress(everything) == "0 of 3 runs done; left: breaks_off-0.65-seed0, dense, newcomer-0.65-seed0"


def test_a_new_method_leaves_a_published_study_as_complete_as_it_was(
    everything: SmallStudy, capsys: pytest.CaptureFixture[str]
) -> None:
    assert everything.call("publish") == 0
    planned = everything.results / "planned.json"
    before = read_json(planned)
    add_method(everything)
    assert everything.call("status") == 0
    assert "0 of 2 runs done; left: breaks_off-0.65-seed0, dense; available, not run: newcomer-0.65-seed0" in (
        capsys.readouterr().out
    )
    assert everything.call("publish") == 0
    assert read_json(planned) == before == ["breaks_off-0.65-seed0", "dense"]
    assert "newcomer-0.65-seed0" in [plan.run for plan in load_study(everything.config).runs]  # the next call runs it


def test_a_method_that_the_study_names_is_to_come(everything: SmallStudy) -> None:
    assert everything.call("publish") == 0
    add_method(everything)
    everything.config.write_text(everything.config.read_text().replace('"*":', '"*": , newcomer:'))
    assert progress(everything).startswith("0 of 3 runs done; left: ")
