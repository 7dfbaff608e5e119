"""The steps continue with a damaged work folder or refuse it in one line, and destroy nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from damage import assert_taken_or_refused, damaged_file
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_study import RUN, SmallStudy

SUITE = settings(max_examples=10, suppress_health_check=list(HealthCheck), derandomize=True)
STEPS = {  # those that read a file, by the file
    "data/data.json": ("compress", "score", "status"),
    "data/manifest.jsonl": ("compress", "score"),
    "dense/dense.json": ("compress", "status"),
    "dense/model/config.json": ("compress", "transcribe-tests"),
    "dense/model/vocab.json": ("compress", "transcribe-tests"),
    "dense/features/index.json": ("compress",),
    f"runs/{RUN}/compress.json": ("transcribe-tests", "score"),
    f"runs/{RUN}/compress.kept.json": ("compress",),
    f"runs/{RUN}/transcribe.json": ("score",),
    f"runs/{RUN}/attempts.json": ("compress", "status"),
    f"runs/{RUN}/run.json": ("publish", "status"),
    f"runs/{RUN}/curves.csv": ("publish",),
    f"runs/{RUN}/hyp/test.trn": ("score", "publish"),
}


@pytest.fixture
def finished(small_study: SmallStudy) -> SmallStudy:
    """A study whose trained run has passed all its steps; a short one, since it is made again and again."""
    small_study.config.write_text(small_study.config.read_text().replace("limit: 400", "limit: 100"))
    for command in ("compress", "transcribe-tests", "score"):
        assert small_study.call(command, RUN) == 0
    return small_study


def test_a_damaged_file_is_taken_or_refused(finished: SmallStudy, tmp_path: Path) -> None:
    sound = Path(shutil.copytree(finished.work, tmp_path / "sound"))
    refused = {name: is_refused_now_and_then(finished, sound, name) for name in STEPS}
    mended = f"runs/{RUN}/compress.kept.json"  # what is kept is a spare: where it is damaged, the run is made again
    assert refused == dict.fromkeys(STEPS, True) | {mended: False}


def is_refused_now_and_then(study: SmallStudy, sound: Path, name: str) -> bool:
    """Damage a file in the work folder in several ways; returns whether a step refused one. `sound` is a good copy."""
    statuses: set[int] = set()

    @SUITE
    @given(data=st.data())
    def damage(data: st.DataObject) -> None:
        damaged = data.draw(damaged_file((sound / name).read_bytes()))
        for step in STEPS[name]:
            shutil.rmtree(study.work)
            shutil.copytree(sound, study.work)
            (study.work / name).write_bytes(damaged)
            run = [] if step in ("publish", "status") else [RUN]
            statuses.add(assert_taken_or_refused(study.root, step, study.config, *run))

    damage()
    return 2 in statuses
