"""A run's folder can be used in place of its model, as with `export`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from made_run import make_run

from benchmark.__main__ import main


def test_a_run_stands_for_its_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(tmp_path / "run", "pruned")
    soundfile.write(tmp_path / "a.wav", np.sin(np.arange(16_000) / 9), 16_000)
    for arguments in (["transcribe", str(tmp_path / "a.wav")], ["footprint", "--json"]):
        printed = []
        for model in (run, run / "model"):
            assert main([arguments[0], str(model), *arguments[1:]]) == 0
            printed.append(capsys.readouterr().out)
        assert printed[0] == printed[1]
    (run / "model").rename(tmp_path / "moved")
    assert main(["footprint", str(run)]) == 2
    assert "is a published record, which has no weights" in capsys.readouterr().err
