"""The contract test of a method outside the repository, and its message if the method breaks the contract."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from made_study import METHOD, PRUNES

ROOT = Path(__file__).resolve().parents[1]


def write(path: Path, body: str, family: str = "control") -> None:
    text = METHOD.format(body=body, takes_target=True, seeded=False)
    path.write_text(text.replace('family = "control"', f'family = "{family}"'))


def check(folder: Path, *methods: str) -> subprocess.CompletedProcess[str]:
    """The quick rules over methods, given by their paths from their folder, where the call is made."""
    given = [option for method in methods for option in ("--method", method)]
    quick = ["-k", "small or budget or finite or round"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", f"{ROOT}/tests/test_contract.py", f"--rootdir={ROOT}", *quick, *given],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_a_good_method_passes_and_a_bad_one_is_told_rule_figure_tolerance_and_what_to_do(tmp_path: Path) -> None:
    write(tmp_path / "good.py", PRUNES, family="unstructured")
    write(tmp_path / "idle.py", "return job.model", family="unstructured")
    write(tmp_path / "lazy.py", PRUNES.replace("learning_rate=1e-4", "learning_rate=1e-4, share=0.5"))
    write(tmp_path / "returns.py", "return None")
    write(tmp_path / "homeless.py", PRUNES, family="pruned")
    done = check(tmp_path, "good.py", "idle.py", "lazy.py", "returns.py", "homeless.py", "nowhere.py")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "[good]" not in done.stdout
    assert "Traceback" not in done.stdout
    lines = done.stdout.splitlines()
    for rule, measured, advice in (
        (
            "the exported model is as small as the target, or as the family, says",
            "misses its target of 65.00 %: 41,392 parameters remain in the exported model, not 17,430: ",
            "remove `job.target.removed` parameters of the whole model",
        ),
        ("a method that trains uses at least 90% of its budget", "1", "call `job.train` once more"),
        ("a model comes back", "CannotCompress: compress returned None: ", "see docs/adding-a-method.md"),
        ("a class that the tables can name", f"{tmp_path / 'homeless.py'}: class Made needs a `family`", "see docs/"),
    ):
        place = lines.index(f"rule: {rule}")
        assert lines[place + 1].startswith(f"measured: {measured}")
        assert lines[place + 2].startswith(f"what to do: {advice}")
    assert "the tolerance of the family unstructured is 0.05 %" in done.stdout
    assert f"measured: method file {tmp_path / 'nowhere.py'} does not exist" in done.stdout
